"""Plain loops over a source: what a process costs that only reads, or that writes lines without any check.

python -m benchmarks.extraction.loops LOOP URL FOLDER
"""

import csv
import json
import sys
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from urllib.request import url2pathname


def mongo_raw(url: str, folder: Path) -> None:
    """BSON as the server sends it, into a file: the lower bound of a client."""
    from pymongo import MongoClient

    with MongoClient[dict[str, Any]](url) as client, (folder / "out.bson").open("wb") as file:
        batches: Any = client.get_default_database()["orders"].find_raw_batches({}, batch_size=5000)
        for batch in batches:
            file.write(batch)


def mongo_driver(url: str, folder: Path) -> None:
    """Dicts of the driver, which are thrown away."""
    from pymongo import MongoClient

    with MongoClient[dict[str, Any]](url) as client:
        for _ in client.get_default_database()["orders"].find({}, batch_size=5000):
            pass


def csv_reader(url: str, folder: Path) -> None:
    """Rows of Python's csv, which are thrown away: the lower bound of a strict reader."""
    with (Path(url2pathname(urlsplit(url).path)) / "orders.csv").open(newline="", encoding="utf-8") as file:
        for _ in csv.reader(file, strict=True):
            pass


def csv_dicts(url: str, folder: Path) -> None:
    """What people write: DictReader and json.dumps."""
    path = Path(url2pathname(urlsplit(url).path)) / "orders.csv"
    with path.open(newline="", encoding="utf-8") as file, (folder / "out.jsonl").open("w") as output:
        for row in csv.DictReader(file):
            output.write(json.dumps(row) + "\n")


def mysql_dicts(url: str, folder: Path) -> None:
    """What people write: rows as dicts, and json.dumps."""
    import pymysql
    from pymysql.cursors import SSDictCursor

    place = urlsplit(url)
    connection = pymysql.connect(host=place.hostname, port=place.port or 0, user="root", database="bench")
    with connection, (folder / "out.jsonl").open("w") as output, connection.cursor(SSDictCursor) as cursor:
        cursor.execute("select * from orders")
        for row in cursor:
            output.write(json.dumps(row, default=str) + "\n")


LOOPS = {loop.__name__: loop for loop in (mongo_raw, mongo_driver, csv_reader, csv_dicts, mysql_dicts)}

if __name__ == "__main__":
    name, address, target = sys.argv[1:]
    LOOPS[name](address, Path(target))
