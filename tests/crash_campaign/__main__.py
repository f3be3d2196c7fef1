"""Crash test: kill the connector at every request, and let the next run recover (make campaign).

The connector runs as a process against the sandbox. It is killed with SIGKILL at each of its requests to the
API, the bucket and BigQuery - once before the request arrives, once before its response does, so between every
two steps - and at each line of its log. Then it runs again. After each kill raw, the bucket and the logs are
inspected; after each group the whole warehouse is compared with the expected results.
"""

import os
import platform
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from itertools import count
from pathlib import Path

from demo import provision
from demo.commands import Shell
from demo.recorded_apply.replay import replay
from demo.server import running
from sandbox import environment
from sandbox.state import State
from tests.crash_campaign.inspection import Inspection
from tests.crash_campaign.loads import Group, Replays, Windows
from tests.crash_campaign.process import Connector, Point
from tests.crash_campaign.proxy import Moment, Proxy
from tests.crash_campaign.report import HEAD, format_row, write_report
from tests.scenario import Scenario

TARGETS = ("API", "bucket", "BigQuery")
SMALL = 600  # sales of a load: three pages
LARGE = 9_000  # 36 pages, more than are ever in flight; the year has sales for all loads
STEP = 5  # a large load is killed at every so many-th request


def main() -> None:
    begin, rows, defects = time.monotonic(), [], []
    print("\n".join(HEAD), flush=True)
    with (
        tempfile.TemporaryDirectory() as folder,
        running(Path(folder)) as state,
        prepared(state) as (scenario, windows),
    ):
        for group in campaign(scenario, windows):
            scenario.transform()
            differences = scenario.differences(last=windows.last)
            rows.append(format_row(group, differences))
            defects += group.defects + differences
            print(rows[-1], *group.defects, *differences, sep="\n", flush=True)
            minutes = f"{(time.monotonic() - begin) / 60:.0f} minutes on {os.cpu_count()} cores"
            write_report(rows, f"{datetime.now(UTC):%Y-%m-%d}, {minutes}, Python {platform.python_version()}")
    raise SystemExit(bool(defects))


def campaign(scenario: Scenario, windows: Windows) -> Iterator[Group]:
    yield run_group(windows, "a line of its log", "log", "after")
    for target in TARGETS:
        for moment in ("before", "after"):
            yield run_group(windows, f"{moment} a request to {target}", target, moment)
    windows.size = LARGE
    yield run_group(windows, "after a request to API, 36 pages", "API", "after", STEP)
    [archived] = scenario.query(
        "SELECT MIN(file_name), MIN(`rows`) FROM ops.file_log WHERE endpoint = 'sales' AND `rows` < 250"
    )
    replays = Replays(windows.connector, windows.inspection, *archived)
    for target in TARGETS[1:]:
        yield run_group(replays, f"after a request of a replay to {target}", target, "after")


def run_group(loads: Windows | Replays, name: str, target: str, moment: Moment, step: int = 1) -> Group:
    """One load after another, each killed a step later, until one finishes before its kill."""
    group = Group(name)
    for number in count(1, step):
        if not loads.load_with_kill(group, Point(target, number, moment)):
            break
    return group


@contextmanager
def prepared(state: State) -> Iterator[tuple[Scenario, Windows]]:
    """The provisioned project, with its lists loaded and its clock at the end of the year."""
    shell, scenario = Shell(state), Scenario(state)
    replay(state)
    provision.add_secrets(shell)
    provision.release_dataform(shell)
    scenario.set_clock("2018-01-03T00:00:00Z")
    scenario.copy("customers", "products")
    with ExitStack() as stack:
        proxies = {target: Proxy(state.address) for target in TARGETS}
        for proxy in proxies.values():
            stack.callback(proxy.close)
        inspection = Inspection(scenario.query, scenario.files)
        yield scenario, Windows(Connector(proxies, variables(state, proxies)), inspection, SMALL)


def variables(state: State, proxies: dict[str, Proxy]) -> dict[str, str]:
    return environment.clients(state, state.identity("connector")) | {
        "PROJECT_ID": state.project,
        "LOCATION": "EU",
        "BUCKET": f"{state.project}-landing",
        "RETAIL_URL": f"{proxies['API'].url}/retail/v1",
        "RETAIL_API_KEY": (state.root / "retail-api-key").read_text(),
        "BIGQUERY_EMULATOR_HOST": proxies["BigQuery"].url,
        "STORAGE_EMULATOR_HOST": proxies["bucket"].url,
        "STORAGE_ENDPOINT": proxies["bucket"].url,
    }


if __name__ == "__main__":
    main()
