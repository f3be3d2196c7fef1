"""Buckets and objects in SQLite; the contents of objects are files (`contents.py`)."""

import json
import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from sandbox.storage.call import Json

# The index `live`: at most one generation of a name is the current one, whatever a handler does.
TABLES = """
CREATE TABLE IF NOT EXISTS buckets (name TEXT PRIMARY KEY, resource TEXT NOT NULL, policy TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS objects (
    bucket TEXT, name TEXT, generation INTEGER, live INTEGER NOT NULL,
    path TEXT NOT NULL, resource TEXT NOT NULL,
    PRIMARY KEY (bucket, name, generation)
) WITHOUT ROWID;
CREATE UNIQUE INDEX IF NOT EXISTS live ON objects (bucket, name) WHERE live;
CREATE TABLE IF NOT EXISTS uploads (id TEXT PRIMARY KEY, session TEXT NOT NULL);
"""
# A row comparison, which the primary key serves: with OFFSET each page would read all earlier ones.
IN_ORDER = """
SELECT * FROM objects
WHERE bucket = ? AND (name, generation) > (?, ?) AND name >= ? AND name < ? AND (live OR ?)
ORDER BY name, generation
"""


@dataclass(frozen=True)
class StoredObject:
    """One generation of an object. resource: its JSON without the links, which change with the port."""

    bucket: str
    name: str
    generation: int
    live: bool
    path: str
    text: str

    @property
    def resource(self) -> Json:
        resource: Json = json.loads(self.text)
        return resource

    @property
    def metageneration(self) -> int:
        return int(self.resource["metageneration"])


class Catalogue:
    """Used from one thread, the server's event loop: each call is short, and none waits for another."""

    def __init__(self, path: Path) -> None:
        self.connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        self.connection.execute("PRAGMA journal_mode = WAL")
        # With WAL a killed process loses nothing: https://www.sqlite.org/pragma.html#pragma_synchronous
        self.connection.execute("PRAGMA synchronous = NORMAL")
        self.connection.executescript(TABLES)
        # Across restarts, even if the clock was set back: a generation is used once.
        newest = self.connection.execute("SELECT coalesce(max(generation), 0) FROM objects").fetchone()
        self._last = int(newest[0])

    @contextmanager
    def change(self) -> Iterator[None]:
        """All or nothing, also when the process is killed in between."""
        self.connection.execute("BEGIN IMMEDIATE")
        try:
            yield
            self.connection.execute("COMMIT")
        except BaseException:
            if self.connection.in_transaction:  # on a full disk SQLite may have ended it
                self.connection.execute("ROLLBACK")
            raise

    def next_generation(self) -> int:
        """Microseconds since 1970, as at Google; strictly increasing."""
        self._last = max(self._last + 1, time.time_ns() // 1000)
        return self._last

    def bucket(self, name: str) -> tuple[Json, Json] | None:
        """A bucket's resource and its policy."""
        row = self.connection.execute(
            "SELECT resource, policy FROM buckets WHERE name = ?", (name,)
        ).fetchone()
        return (json.loads(row[0]), json.loads(row[1])) if row else None

    def buckets(self) -> list[Json]:
        rows = self.connection.execute("SELECT resource FROM buckets ORDER BY name")
        return [json.loads(resource) for (resource,) in rows]

    def put_bucket(self, resource: Json, policy: Json) -> None:
        row = (resource["name"], json.dumps(resource), json.dumps(policy))
        self.connection.execute("INSERT OR REPLACE INTO buckets VALUES (?, ?, ?)", row)

    def delete_bucket(self, name: str) -> None:
        self.connection.execute("DELETE FROM buckets WHERE name = ?", (name,))

    def is_empty(self, bucket: str) -> bool:
        query = "SELECT 1 FROM objects WHERE bucket = ? LIMIT 1"
        return self.connection.execute(query, (bucket,)).fetchone() is None

    def live(self, bucket: str, name: str) -> StoredObject | None:
        return self._one("bucket = ? AND name = ? AND live", bucket, name)

    def generation(self, bucket: str, name: str, generation: int) -> StoredObject | None:
        return self._one("bucket = ? AND name = ? AND generation = ?", bucket, name, generation)

    def of_generation(self, generation: int) -> StoredObject | None:
        """The object of a generation: each generation is used once."""
        return self._one("generation = ?", generation)

    def after(
        self, bucket: str, place: tuple[str, int], span: tuple[str, str], versions: bool
    ) -> Iterator[StoredObject]:
        """Objects after a place (name, generation) with `span[0] <= name < span[1]`, in order."""
        rows = self.connection.execute(IN_ORDER, (bucket, *place, *span, versions))
        return (StoredObject(*row) for row in rows)

    def put(self, stored: StoredObject) -> None:
        row = (stored.bucket, stored.name, stored.generation, stored.live, stored.path, stored.text)
        self.connection.execute("INSERT OR REPLACE INTO objects VALUES (?, ?, ?, ?, ?, ?)", row)

    def delete(self, stored: StoredObject) -> None:
        where = "DELETE FROM objects WHERE bucket = ? AND name = ? AND generation = ?"
        self.connection.execute(where, (stored.bucket, stored.name, stored.generation))

    def _one(self, where: str, *values: str | int) -> StoredObject | None:
        row = self.connection.execute(f"SELECT * FROM objects WHERE {where}", values).fetchone()
        return StoredObject(*row) if row else None


def now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
