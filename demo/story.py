"""The story that the demo tells, in its order."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from demo import measures, provision, report, runs, table
from demo.cloud import Cloud
from demo.commands import Shell
from demo.errors import Differs
from demo.expected import Check, Facts, compare, last_sale
from demo.measures import Measure
from demo.place import empty
from demo.screen import Screen
from demo.server import running
from demo.shop.clock import moment
from sandbox.state import State

HOUR = 3600


@dataclass
class Story:
    state: State
    screen: Screen
    measures: list[Measure] = field(default_factory=list)
    checks: list[Check] = field(default_factory=list)

    @property
    def shell(self) -> Shell:
        return Shell(self.state)

    @property
    def cloud(self) -> Cloud:
        return Cloud(self.state)


def tell(root: Path, screen: Screen) -> None:
    """From nothing to a checked sheet; whatever happens, nothing that was started goes on."""
    with started(root, screen) as story:
        with screen.step("provision") as line:
            line.note = provision.provision(story.shell)
        with screen.step("add the API key"):
            provision.add_key(story.shell)
        with screen.step("release Dataform") as line:
            line.note = provision.release(story.shell)
        pipeline(story, "pipeline-daily", "daily")
        pass_hour(story)
        pipeline(story, "pipeline-hourly", "hourly")
        pipeline(story, "pipeline-hourly", "hourly again")
        check(story)
        finish(story)


@contextmanager
def started(root: Path, screen: Screen) -> Iterator[Story]:
    with ExitStack() as stack:
        with screen.step("start the sandbox") as line:
            empty(root)
            state = stack.enter_context(running(root))
            line.note = state.address
        yield Story(state, screen)


def pipeline(story: Story, schedule: str, label: str) -> None:
    run = runs.run(story.cloud, story.screen, schedule, label)
    story.measures.append(measures.measure(story.cloud, run, story.measures))


def pass_hour(story: Story) -> None:
    with story.screen.step("an hour passes at the shop") as line:
        line.note = story.cloud.call("POST", "/sandbox/retail/clock:advance", {"seconds": HOUR})["now"]


def check(story: Story) -> None:
    with story.screen.step("ask the oracle") as line:
        now = moment(story.cloud.call("GET", "/sandbox/retail/clock")["now"])
        story.checks = compare(story.cloud.bigquery, Facts(last_sale(now)))
        wrong = [check.table for check in story.checks if check.differences]
        line.note = f"{', '.join(wrong)} differ" if wrong else "all tables are equal, to the row and the cent"


def finish(story: Story) -> None:
    """The table, the pages, and the verdict as an error when the numbers are wrong."""
    pages = report.write(story.cloud, story.screen.lines, story.measures, story.checks)
    for text in ("", *table.runs(story.measures), "", *table.checks(story.checks), "", *pages):
        story.screen.say(text)
    sentences = [sentence for check in story.checks for sentence in check.differences]
    if sentences:
        raise Differs("\n".join(["the warehouse is not what the oracle computes:", *sentences]))
