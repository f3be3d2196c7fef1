"""Copy every row of real servers through the connector, and compare it: `make test-servers`.

Then the npm package google-spreadsheet works on the sandbox's Sheets. Arguments: names of servers, or
google_spreadsheet; all of them by default.
"""

import json
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from urllib.parse import urlsplit

from runtime.errors import JobError
from runtime.yaml_file import load_yaml
from tests.connector.landing_harness import LandingHarness
from tests.fakes.memory_store import MemoryStore
from tests.servers import sheets_client
from tests.servers.catalogue import FULL, ITEMS, KEY, SERVERS, TestedServer, write_inputs
from tests.servers.process import running

DECLARATIONS = Path(__file__).parent / "declarations"


def main() -> None:
    write_inputs()
    failures = []
    for server in SERVERS:
        if server.name in (sys.argv[1:] or [server.name]):
            failures += list(check_server(server))
    if sheets_client.NAME in (sys.argv[1:] or [sheets_client.NAME]):
        failures += list(sheets_client.check_client())
    print(
        "\n".join(failures)
        or "every row of every server was copied, and the client of Sheets read what it wrote"
    )
    sys.exit(bool(failures))


def check_server(server: TestedServer) -> Iterator[str]:
    """A sentence for every endpoint whose rows differ."""
    declared = load_yaml(DECLARATIONS / f"{server.name}.yaml")
    with running(server) as url:
        for name in declared["endpoints"]:
            begin = time.monotonic()
            failure = check_endpoint(server, declared, name, url + urlsplit(declared["url"]).path)
            outcome = failure or ("incomplete, as it must be" if name in server.incomplete else "equal")
            print(f"{server.name:<22} {name:<10} {time.monotonic() - begin:5.1f} s  {outcome}", flush=True)
            if failure:
                yield f"{server.name}/{name}: {failure}"


def check_endpoint(server: TestedServer, declared: dict[str, object], name: str, url: str) -> str | None:
    harness = LandingHarness(SimpleNamespace(url=url), MemoryStore(), declared, KEY, name)
    try:
        missing = harness.land().missing
    except JobError as error:
        return str(error)
    if bool(missing) != (name in server.incomplete):
        return missing or "the run is complete although the server has lowered the limit"
    if missing:
        return None
    expected = [encode(server, item) for item in (ITEMS[:FULL] if name == "full" else ITEMS)]
    received = sorted(encode(server, row) for row in harness.rows())
    return (
        None
        if received == sorted(expected)
        else f"{len(received)} rows differ from the {len(expected)} stored"
    )


def encode(server: TestedServer, row: dict[str, object]) -> str:
    return json.dumps([row.get(field) for field in server.fields], ensure_ascii=False)


if __name__ == "__main__":
    main()
