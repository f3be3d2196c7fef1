"""The story of the demo: from an empty folder to a sheet whose numbers are checked."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from demo import measures, provision, report, tables
from demo.cloud import Cloud
from demo.commands import Shell
from demo.companies import current_company
from demo.companies.company import Company
from demo.environment_file import write_environment
from demo.errors import ResultsDiffer
from demo.expected import Check
from demo.measures import Measure
from demo.pipeline_runs import run_pipeline
from demo.project_folder import empty_folder, mark_complete
from demo.screen import Screen
from demo.server import running
from sandbox.state import State


@dataclass
class Story:
    """A running project, and the results so far."""

    state: State
    screen: Screen
    company: Company
    measures: list[Measure] = field(default_factory=list)
    checks: list[Check] = field(default_factory=list)

    @property
    def shell(self) -> Shell:
        return Shell(self.state)

    @property
    def cloud(self) -> Cloud:
        return Cloud(self.state)


def run_story(root: Path, screen: Screen) -> None:
    """Runs the whole story in an emptied folder. Every process ends with it, also after an error."""
    with start_empty(root, screen) as story:
        fill_project(story)


@contextmanager
def start_empty(root: Path, screen: Screen) -> Iterator[Story]:
    """Raises CannotStart when a sandbox runs in the folder, for example another demo."""
    with ExitStack() as stack:
        with screen.step("start the sandbox") as step:
            empty_folder(root)
            state = stack.enter_context(running(root))
            step.note = state.address
        yield Story(state, screen, current_company())


def fill_project(story: Story) -> None:
    """Raises StepFailed, or ResultsDiffer after everything ran."""
    with story.screen.step("provision") as step:
        step.note = provision.provision(story.shell)
    # Terraform creates the secrets, so their versions come after it. Google Cloud requires them before a job is
    # created; the sandbox checks them when an execution starts (docs/reference/traps.md).
    with story.screen.step("add the secrets"):
        provision.add_secrets(story.shell)
    with story.screen.step("release Dataform") as step:
        step.note = provision.release_dataform(story.shell)
    story.company.add_sources(story.cloud)
    # Before the first run: it creates the spreadsheets of exports for which Terraform has no id.
    write_environment(story.cloud)
    for number, schedule in enumerate(story.company.runs):
        changed = number == 0 or change_sources(story, number)
        run_schedule(story, f"pipeline-{schedule}", schedule if changed else f"{schedule} again")
    # Before the comparison: a project with wrong numbers is complete too, so `make sandbox` serves it.
    mark_complete(story.state.root)
    check_results(story)
    report_results(story)


def run_schedule(story: Story, schedule: str, label: str) -> None:
    run = run_pipeline(story.cloud, story.screen, schedule, label)
    story.measures.append(measures.measure_run(story.cloud, run, story.measures))


def change_sources(story: Story, number: int) -> bool:
    """Whether there is something new for run `number`: a run without changes must change nothing."""
    with story.screen.step("the sources change") as step:
        step.note = story.company.change_sources(story.cloud, number)
        changed = bool(step.note)
        step.note = step.note or "nothing happens"
    return changed


def check_results(story: Story) -> None:
    with story.screen.step("compare with the oracle") as step:
        story.checks = story.company.compare(story.cloud)
        wrong = [check.table for check in story.checks if check.differences]
        step.note = f"{', '.join(wrong)} differ" if wrong else "all tables are equal, to the row and the cent"


def report_results(story: Story) -> None:
    """Prints the tables and writes the pages. Raises ResultsDiffer when a table is not as expected."""
    pages = [*report.write_pages(story.cloud, story.company.sheet), *story.company.write_pages(story.cloud)]
    lines = [*tables.runs_table(story.measures), "", *tables.checks_table(story.checks), "", *pages]
    for line in ("", *lines):
        story.screen.write(line)
    differences = [sentence for check in story.checks for sentence in check.differences]
    # Last, after all pages are written: they are needed most when the numbers are wrong.
    if differences:
        raise ResultsDiffer("\n".join(["the warehouse differs from the oracle:", *differences]))
