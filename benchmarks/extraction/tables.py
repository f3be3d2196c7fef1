"""The measured rows on each kind of source: 10 columns, of which one has nulls and characters of three bytes."""

import csv
import datetime
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import bson
import psycopg
import pymysql
from bson import Decimal128, ObjectId

from benchmarks.extraction.mongo import SortedServer
from demo.servers.database import running_mariadb, running_postgres

TABLE = "orders"
COLUMNS = (
    "id",
    "store",
    "customer",
    "amount",
    "quantity",
    "created_at",
    "updated_at",
    "note",
    "details",
    "is_paid",
)
MOMENT = datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC)
POSTGRES = """
create table orders (id bigint primary key, store integer, customer varchar(40), amount numeric(12, 2),
  quantity smallint, created_at timestamp, updated_at timestamptz, note text, details json, is_paid boolean);
insert into orders select n, n % 500, 'customer ' || n % 90000, (n % 100000) / 100.0, n % 9,
  timestamp '2026-01-01' + n * interval '1 second', timestamptz '2026-01-01+00' + n * interval '1 second',
  case when n % 10 > 0 then 'délivré à 東京, numéro ' || n end,
  json_build_object('sku', 'p' || n % 1000, 'tags', json_build_array('a', 'b')), n % 2 = 0
from generate_series(1, {rows}) n;
vacuum analyze orders
"""
MARIADB = """
create database bench character set utf8mb4;
use bench;
create table orders (id bigint primary key, store integer, customer varchar(40), amount decimal(12, 2),
  quantity smallint, created_at datetime(6), updated_at timestamp(6) null, note text, details json, is_paid boolean);
insert into orders select seq, seq % 500, concat('customer ', seq % 90000), (seq % 100000) / 100.0, seq % 9,
  timestamp '2026-01-01 00:00:00' + interval seq second, timestamp '2026-01-01 00:00:00' + interval seq second,
  if(seq % 10 > 0, concat('délivré à 東京, numéro ', seq), null),
  json_object('sku', concat('p', seq % 1000), 'tags', json_array('a', 'b')), seq % 2 = 0
from seq_1_to_{rows};
analyze table orders
"""


@dataclass(frozen=True)
class Source:
    """`kind` as in a declaration; `url` of the server or of the folder."""

    kind: str
    url: str
    rows: int


@contextmanager
def postgres(rows: int) -> Iterator[Source]:
    with running_postgres() as url:
        with psycopg.connect(url, autocommit=True) as connection:
            for statement in POSTGRES.format(rows=rows).split(";\n"):
                connection.execute(statement.encode())
        yield Source("postgres", url, rows)


@contextmanager
def mysql(rows: int) -> Iterator[Source]:
    with running_mariadb() as port:
        connection = pymysql.connect(
            host="127.0.0.1", port=port, user="root", autocommit=True, charset="utf8mb4"
        )
        with connection, connection.cursor() as cursor:
            for statement in MARIADB.format(rows=rows).split(";\n"):
                cursor.execute(statement)
        yield Source("mysql", f"mysql://root@127.0.0.1:{port}/bench", rows)


@contextmanager
def mongodb(rows: int) -> Iterator[Source]:
    server = SortedServer([bson.encode(document(number)) for number in range(1, rows + 1)])
    try:
        yield Source("mongodb", f"mongodb://{server.address}/bench", rows)
    finally:
        server.close()


def document(number: int) -> dict[str, Any]:
    moment = MOMENT + datetime.timedelta(seconds=number)
    return {
        "_id": number,
        "store": ObjectId(f"{number:024x}"),
        "customer": f"customer {number % 90000}",
        "amount": Decimal128(f"{number % 100000 / 100:.2f}"),
        "quantity": number % 9,
        "created_at": moment,
        "updated_at": moment,
        "note": f"délivré à 東京, numéro {number}" if number % 10 else None,
        "details": {"sku": f"p{number % 1000}", "tags": ["a", "b"]},
        "is_paid": number % 2 == 0,
    }


@contextmanager
def csv_file(rows: int, folder: Path) -> Iterator[Source]:
    with (folder / "orders.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(COLUMNS)
        writer.writerows(csv_row(number) for number in range(1, rows + 1))
    yield Source("files", folder.as_uri() + "/", rows)


def csv_row(number: int) -> tuple[object, ...]:
    moment = (MOMENT + datetime.timedelta(seconds=number)).isoformat()
    note = f"délivré à 東京, numéro {number}" if number % 10 else ""
    details = json.dumps({"sku": f"p{number % 1000}", "tags": ["a", "b"]})
    head = (number, number % 500, f"customer {number % 90000}", f"{number % 100000 / 100:.2f}", number % 9)
    return (*head, moment, moment, note, details, number % 2 == 0)
