"""The store of resources: JSON documents by key, in one SQLite file that survives a kill."""

import json
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

Json = dict[str, Any]

TABLE = "CREATE TABLE IF NOT EXISTS documents (key TEXT PRIMARY KEY, body TEXT NOT NULL)"
UPSERT = "INSERT INTO documents VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET body = excluded.body"
# Directly below: one more segment. Ranges instead of LIKE, for which the `_` of a name is a wildcard.
BELOW = """
SELECT body FROM documents
WHERE key > :start AND key < :end AND NOT substr(key, :segment) GLOB '*[/:]*'
ORDER BY rowid
"""


class Store:
    """A key is the prefix and the name of a resource: `/run/v2/projects/p/locations/l/jobs/j`.

    A document that belongs to a resource, as its policy, has a key with a colon: `<key>:policy`. Several
    stores may be open on one file, in one process or in several; `change` lets one of them write at a time.
    """

    def __init__(self, root: Path) -> None:
        root.mkdir(parents=True, exist_ok=True)
        path = root / "resources.sqlite"
        self._connection = sqlite3.connect(path, timeout=30, isolation_level=None, check_same_thread=False)
        self._connection.execute("PRAGMA journal_mode = WAL")
        # With WAL a kill of the process loses no commit; only a power failure can.
        self._connection.execute("PRAGMA synchronous = NORMAL")
        self._connection.execute(TABLE)
        self._lock = threading.RLock()

    def close(self) -> None:
        self._connection.close()

    @contextmanager
    def change(self) -> Iterator[None]:
        """A transaction: read, decide and write as one step; a block that raises writes nothing."""
        with self._lock:
            # A block inside another is part of the outer transaction: SQLite does not nest them.
            if self._connection.in_transaction:
                yield
                return
            # A deferred transaction that reads first cannot write after another writer's commit: SQLITE_BUSY.
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield
                self._connection.execute("COMMIT")
            except BaseException:
                if self._connection.in_transaction:  # on a full disk SQLite may have ended it
                    self._connection.execute("ROLLBACK")
                raise

    def get(self, key: str) -> Json | None:
        rows = self._read("SELECT body FROM documents WHERE key = :key", {"key": key})
        return rows[0] if rows else None

    def children(self, collection: str) -> list[Json]:
        """The resources directly in a collection, oldest first."""
        start, end = f"{collection}/", f"{collection}0"  # 0 follows / in ASCII
        return self._read(BELOW, {"start": start, "end": end, "segment": len(start) + 1})

    def matching(self, pattern: str) -> list[Json]:
        """All resources whose key matches the pattern, in which `*` is any text, `/` included."""
        query = "SELECT body FROM documents WHERE key GLOB :pattern AND key NOT GLOB '*:*' ORDER BY rowid"
        return self._read(query, {"pattern": pattern})

    def put(self, key: str, body: Json) -> None:
        with self.change():
            self._connection.execute(UPSERT, (key, json.dumps(body)))

    def delete(self, key: str) -> None:
        """Deletes the resource and everything below it: its children, its policy."""
        # The key itself, then everything below it: `0` follows `/` and `;` follows `:` in ASCII.
        ranges = [(key, f"{key}\0"), (f"{key}/", f"{key}0"), (f"{key}:", f"{key};")]
        with self.change():
            self._connection.executemany("DELETE FROM documents WHERE key >= ? AND key < ?", ranges)

    def _read(self, query: str, arguments: dict[str, str | int]) -> list[Json]:
        with self._lock:
            return [json.loads(body) for (body,) in self._connection.execute(query, arguments)]
