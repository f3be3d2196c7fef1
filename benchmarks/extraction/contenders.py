"""What reads each kind of source: lower bounds, the connector, and other tools with their documented settings."""

import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import urlsplit

from benchmarks.contenders import PEERS, installed
from benchmarks.extraction.tables import COLUMNS, Source
from benchmarks.process import Command

# What the server writes as JSON: the query of the connector, without its ranges.
TEXTS = ", ".join(f"{name}::text" for name in COLUMNS)
ROW = f"select row_to_json(sys_row) from (select {TEXTS}, 'orders.json' as file from orders) sys_row"
AS_JSON = "(format csv, quote e'\\x01', delimiter e'\\x02')"


@dataclass(frozen=True)
class Contender:
    """`form`: what it writes, "" if nothing is kept. `is_slow`: measured once."""

    name: str
    command: Callable[[Source, Path], Command]
    form: str = ""
    is_slow: bool = False


def psql(query: str, options: str = "") -> Callable[[Source, Path], Command]:
    def command(source: Source, folder: Path) -> Command:
        copy = f"\\copy {query} to '{folder}/out.txt' {options}"
        return Command(["psql", "-q", "-X", source.url, "-c", copy])

    return command


def mariadb(source: Source, folder: Path) -> Command:
    place = urlsplit(source.url)
    address = ["-h", "127.0.0.1", "-P", str(place.port), "-u", "root", "bench"]
    arguments = ["mariadb", "--no-defaults", *address, "--quick", "--raw", "--skip-column-names"]
    return Command([*arguments, "-e", "select * from orders"], folder / "out.txt")


def python(*arguments: str) -> Callable[[Source, Path], Command]:
    return lambda source, folder: Command([sys.executable, "-m", *arguments, source.url, str(folder)])


def connector(source: Source, folder: Path) -> Command:
    module = "benchmarks.extraction.copy"
    arguments = [sys.executable, "-m", module, source.kind, source.url, str(folder)]
    # The memory settings of the Dockerfile.
    return Command(arguments, None, {"MALLOC_ARENA_MAX": "1", "MALLOC_MMAP_THRESHOLD_": "1048576"})


def dlt(backend: str) -> Callable[[Source, Path], Command]:
    # Telemetry would send requests to the Internet within the measured time.
    quiet = {"RUNTIME__DLTHUB_TELEMETRY": "false", "RUNTIME__LOG_LEVEL": "ERROR"}
    return peer("extract_dlt.py", backend, quiet)


def library(name: str) -> Callable[[Source, Path], Command]:
    return peer("extract_library.py", name, {})


def peer(script: str, way: str, environment: dict[str, str]) -> Callable[[Source, Path], Command]:
    program = str(installed("extractors") / "python")

    def command(source: Source, folder: Path) -> Command:
        return Command([program, str(PEERS / script), way, source.url, str(folder)], None, environment)

    return command


def singer(source: Source, folder: Path) -> Command:
    place, config = urlsplit(source.url), folder / "config.json"
    login = {"user": place.username, "password": place.password, "host": place.hostname, "port": place.port}
    config.write_text(json.dumps(login | {"database": place.path[1:], "filter_schemas": ["public"]}))
    tap = [str(installed("taps") / "tap-postgres"), "--config", str(config)]
    catalog = folder / "catalog.json"
    catalog.write_text(
        select_streams(subprocess.run([*tap, "--discover"], capture_output=True, check=True).stdout)
    )
    return Command([*tap, "--catalog", str(catalog)], folder / "out.jsonl")


def select_streams(catalog: bytes) -> str:
    """A tap of a database reads nothing by default."""
    declared = json.loads(catalog)
    for stream in declared["streams"]:
        whole = {"selected": True, "replication-method": "FULL_TABLE"}
        stream["metadata"] = [
            item | {"metadata": item["metadata"] | (whole if item["breadcrumb"] == [] else {})}
            for item in stream["metadata"]
        ]
    return json.dumps(declared)


CONNECTOR = Contender("**connector**, to landing files", connector, "lines")
CONTENDERS: dict[str, list[Contender]] = {
    "postgres": [
        Contender("lower bound: psql, the table as text", psql("orders"), "text"),
        Contender("lower bound of our query: psql, row_to_json", psql(f"({ROW})", AS_JSON), "text"),
        CONNECTOR,
        Contender("dlt, sql_database, connectorx", dlt("connectorx"), "parquet"),
        Contender("dlt, sql_database, pyarrow", dlt("pyarrow"), "parquet", is_slow=True),
        Contender("dlt, sql_database, sqlalchemy", dlt("sqlalchemy"), "parquet", is_slow=True),
        Contender("ConnectorX to Parquet", library("connectorx"), "parquet"),
        Contender("ADBC to Parquet", library("adbc"), "parquet"),
        Contender("DuckDB postgres_scanner to Parquet", library("duckdb"), "parquet"),
        Contender("Singer tap-postgres", singer, "messages", is_slow=True),
    ],
    "mysql": [
        Contender("lower bound: mariadb --quick --raw", mariadb, "text"),
        Contender("PyMySQL, dicts, json.dumps", python("benchmarks.extraction.loops", "mysql_dicts"), "text"),
        CONNECTOR,
        Contender("dlt, sql_database, connectorx", dlt("connectorx"), "parquet"),
        Contender("dlt, sql_database, pyarrow", dlt("pyarrow"), "parquet", is_slow=True),
        Contender("ConnectorX to Parquet", library("connectorx"), "parquet"),
        Contender("DuckDB mysql_scanner to Parquet", library("duckdb"), "parquet"),
    ],
    "mongodb": [
        Contender("lower bound: raw batches to a file", python("benchmarks.extraction.loops", "mongo_raw")),
        Contender("driver loop: dicts, thrown away", python("benchmarks.extraction.loops", "mongo_driver")),
        CONNECTOR,
        Contender("dlt, a resource over pymongo", dlt("pymongo"), "parquet", is_slow=True),
    ],
    "files": [
        Contender(
            "lower bound: csv.reader, thrown away", python("benchmarks.extraction.loops", "csv_reader")
        ),
        Contender("DictReader, json.dumps", python("benchmarks.extraction.loops", "csv_dicts"), "text"),
        CONNECTOR,
        Contender("dlt, filesystem, read_csv", dlt("pandas"), "parquet", is_slow=True),
        Contender("DuckDB read_csv to Parquet", library("duckdb"), "parquet"),
    ],
}


def runnable(contender: Contender, source: Source, folder: Path) -> bool:
    """False where the program of a lower bound is not installed."""
    return shutil.which(contender.command(source, folder).arguments[0]) is not None


def on_all_cores(command: Command) -> Command:
    """A source of its own machine would not take the processor of the job; here they share both."""
    return replace(command, is_alone=False)
