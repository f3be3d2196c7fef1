"""The tools that copy the pages: how each is started with its best documented settings, and what else it does."""

import json
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from benchmarks.process import Command

HERE = Path(__file__).parent
ROOT = HERE.parent
PEERS = HERE / "peers"


@dataclass(frozen=True)
class Place:
    """Source and target of the pages. `folder` is empty, or contains the files of a killed process; `bucket` is
    at `storage`."""

    url: str
    pages: int
    folder: Path
    storage: str
    bucket: str


@dataclass(frozen=True)
class Contender:
    """`peer` names its file of benchmarks/requirements; "" is what this repository installs. `form` is how
    its rows are read, "" if it writes none. `written` are the files that a user writes for one endpoint."""

    name: str
    command: Callable[[Place], Command]
    form: str = ""
    peer: str = ""
    written: tuple[Path, ...] = ()
    besides: str = ""
    to_bucket: bool = False
    resumes: bool = False

    @property
    def lines(self) -> int:
        """Without empty lines and comments."""
        lines = [line.strip() for path in self.written for line in path.read_text().splitlines()]
        return sum(bool(line) and not line.startswith("#") for line in lines)


def installed(peer: str) -> Path:
    return ROOT / ".sandbox" / "benchmarks" / peer / "bin"


def bare(place: Place, loop: str = "bare") -> Command:
    return Command([sys.executable, "-m", f"benchmarks.{loop}", place.url, str(place.pages)])


def bare_requests(place: Place) -> Command:
    return bare(place, "bare_requests")


def bare_to_bucket(place: Place) -> Command:
    return Command([*bare(place).arguments, place.storage, place.bucket])


def to_disk(place: Place) -> Command:
    return harness(place, "disk", str(place.folder))


def to_bucket(place: Place) -> Command:
    return harness(place, "bucket", place.bucket)


def harness(place: Place, *where: str) -> Command:
    """With the memory setting of the Dockerfile."""
    arguments = [sys.executable, "-m", "benchmarks.copy", place.url, *where]
    return Command(arguments, None, {"STORAGE_ENDPOINT": place.storage, "MALLOC_ARENA_MAX": "1"})


def dlt(script: str, **settings: str) -> Callable[[Place], Command]:
    # Telemetry would send requests to the Internet within the measured time.
    quiet = {"RUNTIME__DLTHUB_TELEMETRY": "false", "RUNTIME__LOG_LEVEL": "ERROR"}

    def command(place: Place) -> Command:
        arguments = [str(installed("dlt") / "python"), str(PEERS / script), place.url, str(place.folder)]
        return Command(arguments, None, quiet | settings)

    return command


def airbyte(place: Place) -> Command:
    config, catalog = configured(place), place.folder / "catalog.json"
    stream = {"name": "sales", "json_schema": {}, "supported_sync_modes": ["full_refresh"]}
    whole = {"stream": stream, "sync_mode": "full_refresh", "destination_sync_mode": "append"}
    catalog.write_text(json.dumps({"streams": [whole]}))
    arguments = [str(installed("airbyte") / "source-declarative-manifest"), "read"]
    arguments += [
        "--manifest-path",
        str(PEERS / "airbyte.yaml"),
        "--config",
        config,
        "--catalog",
        str(catalog),
    ]
    return Command([*arguments, *state(place, airbyte_state)], place.folder / "out.jsonl")


def singer(place: Place) -> Command:
    arguments = [str(installed("singer") / "python"), str(PEERS / "singer_tap.py")]
    arguments += ["--config", configured(place)]
    return Command([*arguments, *state(place, singer_state)], place.folder / "out.jsonl")


def configured(place: Place) -> str:
    path = place.folder / "config.json"
    path.write_text(json.dumps({"url": place.url}))
    return str(path)


def state(place: Place, parsed: Callable[[list[str]], str]) -> list[str]:
    """The option with the last state that a killed process printed, as its operator would pass it."""
    output, path = place.folder / "out.jsonl", place.folder / "state.json"
    lines = output.read_text().splitlines() if output.exists() else []
    # Only whole lines: the last one may be cut, because its process was killed.
    states = [line for line in lines if '"STATE"' in line[:30] and line.endswith("}")]
    if not states:
        return []
    path.write_text(parsed(states))
    return ["--state", str(path)]


def airbyte_state(states: list[str]) -> str:
    return json.dumps([json.loads(states[-1])["state"]])


def singer_state(states: list[str]) -> str:
    return json.dumps(json.loads(states[-1])["value"])


DECLARED = (ROOT / "connector/sources/retail.yaml", ROOT / "connector/schemas/sales.json")
CONTENDERS = (
    Contender("bare loop: reads, throws away", bare),
    Contender("bare loop over requests: reads, throws away", bare_requests),
    Contender("bare loop: reads, puts into the bucket", bare_to_bucket, to_bucket=True),
    Contender(
        "**connector**, to a disk",
        to_disk,
        "connector",
        written=DECLARED,
        besides="a file a page with fsync, lineage in each row, looks for fields without a column",
    ),
    Contender(
        "**connector**, to the bucket",
        to_bucket,
        "connector",
        written=DECLARED,
        besides="the same, and a lease; the bucket is the sandbox's, in a process on the same cores",
        to_bucket=True,
        resumes=True,
    ),
    Contender(
        "dlt, rest_api",
        dlt("dlt_rest.py"),
        "dlt",
        "dlt",
        (PEERS / "dlt_rest.py",),
        "infers types, splits nested lists into a child table, compresses, loads into files",
        resumes=True,
    ),
    Contender(
        "dlt, tuned by hand",
        dlt(
            "dlt_tuned.py",
            EXTRACT__WORKERS="16",
            EXTRACT__MAX_PARALLEL_ITEMS="16",
            NORMALIZE__DATA_WRITER__DISABLE_COMPRESSION="true",
        ),
        "dlt",
        "dlt",
        (PEERS / "dlt_tuned.py",),
        "infers types; pages in parallel by `@dlt.defer`, no child tables, no compression",
        resumes=True,
    ),
    Contender(
        "airbyte-cdk, declarative",
        airbyte,
        "messages",
        "airbyte",
        (PEERS / "airbyte.yaml",),
        "a message for each row, no destination behind it",
        resumes=True,
    ),
    Contender(
        "singer-sdk, a tap",
        singer,
        "messages",
        "singer",
        (PEERS / "singer_tap.py",),
        "checks each row's types, a message for each row, no target behind it",
        resumes=True,
    ),
)
