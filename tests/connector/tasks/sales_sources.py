"""The sales of a shop in a source of each kind that plans its parts: rows with the ids 1, 2, 3, … in parts of a size.

The reader of `create_reader` is used by threads of a test and by processes of the sandbox's Cloud Run, so it follows
from a Place only.
"""

import dataclasses
import os
from abc import ABC, abstractmethod
from pathlib import Path
from typing import Any

import msgspec

from connector.raw_schema import read_columns
from connector.settings import Settings
from connector.sources import registry
from connector.sources.base import Source
from connector.sources.database.position import parse_part
from connector.sources.files.ledger import Ledger
from connector.sources.files.obstore_files import open_obstore
from connector.sources.files.position import parse_position
from connector.sources.files.reader import FilesReader
from connector.sources.mongodb.ranges import Bounds
from connector.sources.mongodb.reader import create_reader as create_mongodb_reader
from connector.sources.mongodb.values import decode_value
from connector.sources.mysql.reader import create_reader as create_mysql_reader
from connector.sources.planned import PlannedReader
from connector.sources.postgres.reader import create_reader as create_postgres_reader
from tests.connector.database.servers import PASSWORD

KINDS = ["postgres", "mysql", "mongodb", "files"]
RELATION = {"relation": "shop.sales"}
ENDPOINTS: dict[str, dict[str, Any]] = {
    "postgres": RELATION,
    "mysql": RELATION,
    "mongodb": {"collection": "sales"},
    "files": {"glob": "*.csv", "format": {"csv": {}}},
}
HEADER = "id,datetime,customer_id,store_id\n"
LARGE = 3  # parts of the first file; each other file is one part


@dataclasses.dataclass(frozen=True)
class Place:
    """Where the tasks read and write; the content of `place.json`."""

    address: str
    project: str
    bucket: str
    kind: str
    url: str
    window: bool = False
    page_rows: int = 100


class SalesSource(ABC):
    """`copies_again`: whether a second run without changes reads the rows again. `permanent`: objects of the bucket
    that stay after a run, besides tasks.json."""

    kind: str
    copies_again = True
    permanent: tuple[str, ...] = ()

    @property
    @abstractmethod
    def url(self): ...

    @abstractmethod
    def fill(self, rows, page_rows): ...

    def renew(self):  # noqa: B027
        """Make the next run read all rows again, if it would not."""


class DatabaseSales(SalesSource):
    def __init__(self, server):
        self.kind, self.server = server.kind, server

    @property
    def url(self):
        return self.server.url()

    def fill(self, rows, page_rows):
        numbers = f"generate_series(1, {rows}) n" if self.kind == "postgres" else f"seq_1_to_{rows}"
        number = "n" if self.kind == "postgres" else "seq"
        columns = f"datetime {self.server.moment}, customer_id varchar(40), store_id varchar(40)"
        self.server.execute(
            f"create table shop.sales (id bigint primary key, {columns})",
            f"insert into shop.sales select {number}, {self.server.now}, 'c', 's' from {numbers}",
        )


class MongoSales(SalesSource):
    kind = "mongodb"

    def __init__(self, server):
        self.server = server

    @property
    def url(self):
        return f"mongodb://{self.server.address}/shop"

    def fill(self, rows, page_rows):
        sale = {"datetime": "2026-01-01T00:00:00Z", "customer_id": "c", "store_id": "s"}
        self.server.insert("sales", *({"_id": n, "id": n} | sale for n in range(1, rows + 1)))


class FilesSales(SalesSource):
    """One file of three parts, and files of one part each."""

    kind = "files"
    copies_again = False
    permanent = ("sales/ledger.json",)

    def __init__(self, folder):
        self.folder, self.clock = folder, 1_700_000_000

    @property
    def url(self):
        return self.folder.as_uri() + "/"

    def fill(self, rows, page_rows):
        self._write("sales-1.csv", 1, LARGE * page_rows)
        for part in range(LARGE, rows // page_rows):
            self._write(f"sales-{part}.csv", part * page_rows + 1, (part + 1) * page_rows)
        self.renew()

    def _write(self, name, first, last):
        rows = "".join(f"{n:07d},2026-01-01T00:00:00Z,c,s\n" for n in range(first, last + 1))
        (self.folder / name).write_text(HEADER + rows)

    def renew(self):
        self.clock += 60
        for path in self.folder.iterdir():
            os.utime(
                path, (self.clock, self.clock)
            )  # another etag; the same time, so the names give the order


def declare(place: Place) -> Source:
    endpoint: dict[str, Any] = {"table": "sales", "key": ["id"], "schedule": "hourly", "tasks": 3}
    endpoint |= {"window": {"field": "datetime", "look_back": "0s"}} if place.window else {}
    declared: dict[str, Any] = {"kind": place.kind, "url": place.url}
    if place.kind in ("postgres", "mysql"):
        declared |= {"secret": "erp-password", "limits": {"page_rows": place.page_rows}}
    endpoints = {"sales": endpoint | ENDPOINTS[place.kind]}
    return registry.parse_source(declared | {"endpoints": endpoints}, "shop.yaml")


def create_reader(place: Place, source: Any, store: Any) -> PlannedReader:
    """`store`: the landing bucket."""
    columns, settings = read_columns("sales"), Settings("", "", "", {"URL": place.url, "API_KEY": PASSWORD})
    match place.kind:
        case "postgres":
            return create_postgres_reader(source, "sales", settings, columns)
        case "mysql":
            return create_mysql_reader(source, "sales", settings, columns)
        case "mongodb":
            reader = create_mongodb_reader(source, "sales", settings, columns)
            reader.part_documents = place.page_rows
            return reader
    ledger, folder = Ledger(store, "sales"), open_obstore(place.url, "", "", "")
    size = (place.page_rows + 1) * len(HEADER)  # a row has as many bytes as the header
    return FilesReader(folder, ledger, source.endpoints["sales"], columns, part_bytes=size)


def close_reader(reader: Any) -> None:
    if hasattr(reader, "sessions"):
        reader.sessions.close()
    elif hasattr(reader, "client"):
        reader.client.close()


def number_of(position, place):
    """Of a part, from 1."""
    if place.kind == "files":
        part = parse_position(position)
        file = int(Path(part.file.key).stem.removeprefix("sales-"))
        return 1 + (part.line - 1) // (place.page_rows + 1) if file == 1 else file + 1
    if place.kind == "mongodb":
        bounds = msgspec.json.decode(position, type=Bounds)
        low = decode_value(bounds.low) if bounds.low else 1
    else:
        first = parse_part(position).low
        low = int(first[-1]) if first else 1
    return 1 + low // place.page_rows
