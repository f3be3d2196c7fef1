"""kill -9 at every place that there is, and what the next run makes of it: make campaign

The connector runs as its own process against the sandbox. It is killed from outside at each of its requests
to the API, the bucket and BigQuery, once before the request arrives and once before its answer does (so
between every two steps), and at each line of its log. Then it runs again. After each kill raw, the bucket and
the logs are looked at; after each group the whole warehouse is compared with the oracle."""

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
from tests.campaign.document import HEAD, row, write
from tests.campaign.loads import Group, Replays, Windows
from tests.campaign.looks import Looks
from tests.campaign.process import Connector, Moment, Point
from tests.campaign.proxy import Proxy
from tests.scenario import Scenario

TARGETS = ("API", "bucket", "BigQuery")
SMALL = 600  # sales of a load: three pages
LARGE = 9_000  # 36 pages, more than are ever in flight; the year has sales for all loads
STEP = 5  # a large load is killed at every so many-th request


def main() -> None:
    begin, rows, wrong = time.monotonic(), [], []
    print("\n".join(HEAD), flush=True)
    with (
        tempfile.TemporaryDirectory() as folder,
        running(Path(folder)) as state,
        prepared(state) as (scenario, windows),
    ):
        for group in campaign(scenario, windows):
            scenario.transform()
            differences = scenario.differences(last=windows.last)
            rows.append(row(group, differences))
            wrong += group.wrong + differences
            print(rows[-1], *group.wrong, *differences, sep="\n", flush=True)
            minutes = f"{(time.monotonic() - begin) / 60:.0f} minutes on {os.cpu_count()} cores"
            write(rows, f"{datetime.now(UTC):%Y-%m-%d}, {minutes}, Python {platform.python_version()}")
    raise SystemExit(bool(wrong))


def campaign(scenario: Scenario, windows: Windows) -> Iterator[Group]:
    yield swept(windows, "a line of its log", "log", "after")
    for target in TARGETS:
        for moment in ("before", "after"):
            yield swept(windows, f"{moment} a request to {target}", target, moment)
    windows.size = LARGE
    yield swept(windows, "after a request to API, 36 pages", "API", "after", STEP)
    [archived] = scenario.query(
        "SELECT MIN(file_name), MIN(rows) FROM ops.file_log WHERE endpoint = 'sales' AND rows < 250"
    )
    replays = Replays(windows.connector, windows.looks, *archived)
    for target in TARGETS[1:]:
        yield swept(replays, f"after a request of a replay to {target}", target, "after")


def swept(loads: Windows | Replays, name: str, target: str, moment: Moment, step: int = 1) -> Group:
    """One load after another, each killed a step later, until one is not killed any more."""
    group = Group(name)
    for number in count(1, step):
        if not loads.killed(group, Point(target, number, moment)):
            break
    return group


@contextmanager
def prepared(state: State) -> Iterator[tuple[Scenario, Windows]]:
    """The project with everything in it, its lists loaded, its clock at the end of the year."""
    shell, scenario = Shell(state), Scenario(state)
    replay(state)
    provision.add_api_key(shell)
    provision.release_dataform(shell)
    scenario.set_clock("2018-01-03T00:00:00Z")
    scenario.copy("customers", "products")
    with ExitStack() as stack:
        proxies = {target: Proxy(state.address) for target in TARGETS}
        for proxy in proxies.values():
            stack.callback(proxy.close)
        looks = Looks(scenario.query, scenario.files)
        yield scenario, Windows(Connector(proxies, variables(state, proxies)), looks, SMALL)


def variables(state: State, proxies: dict[str, Proxy]) -> dict[str, str]:
    return environment.clients(state, state.identity("connector")) | {
        "PROJECT_ID": state.project,
        "LOCATION": "EU",
        "BUCKET": f"{state.project}-landing",
        "RETAIL_URL": f"{proxies['API'].url}/retail/v1",
        "RETAIL_API_KEY": (state.root / "retail-api-key").read_text(),
        "BIGQUERY_ENDPOINT": proxies["BigQuery"].url,
        "STORAGE_EMULATOR_HOST": proxies["bucket"].url,
        "STORAGE_ENDPOINT": proxies["bucket"].url,
    }


if __name__ == "__main__":
    main()
