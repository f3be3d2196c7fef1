"""What the API keeps: documents by name and the bytes of committed files, in one SQLite file."""

import hashlib
import json
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

TABLES = """
CREATE TABLE IF NOT EXISTS documents (
    number INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, parent TEXT NOT NULL, body TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS by_parent ON documents (parent);
CREATE TABLE IF NOT EXISTS blobs (sha TEXT PRIMARY KEY, contents BLOB NOT NULL);
"""


class Store:
    """Every write is a transaction: a sandbox that is killed starts again with all of it or none of it."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._lock = threading.RLock()
        self._connection = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
        self._connection.executescript(f"PRAGMA journal_mode = WAL; {TABLES}")

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Alone with the store; everything inside is kept, or nothing when it raises."""
        with self._lock:
            if self._connection.in_transaction:
                yield
                return
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield
            except BaseException:
                self._connection.execute("ROLLBACK")
                raise
            self._connection.execute("COMMIT")

    def get(self, name: str) -> Any | None:
        rows = self._rows("SELECT body FROM documents WHERE name = ?", name)
        return json.loads(rows[0][0]) if rows else None

    def put(self, name: str, body: Any) -> None:
        """`name` is `<parent>/<id>`; documents of a parent are listed in the order they were first put."""
        parent = name.rpartition("/")[0]
        self._write(
            "INSERT INTO documents (name, parent, body) VALUES (?, ?, ?)"
            " ON CONFLICT (name) DO UPDATE SET body = excluded.body",
            *(name, parent, json.dumps(body)),
        )

    def children(self, parent: str) -> list[Any]:
        query = "SELECT body FROM documents WHERE parent = ? ORDER BY number"
        return [json.loads(body) for (body,) in self._rows(query, parent)]

    def search(self, parents: str) -> list[Any]:
        """Of every parent that matches `parents`, where `*` stands for anything."""
        query = "SELECT body FROM documents WHERE parent GLOB ? ORDER BY number"
        return [json.loads(body) for (body,) in self._rows(query, parents)]

    def delete(self, name: str) -> None:
        """With everything below it."""
        below = f"{name}/"
        self._write("DELETE FROM documents WHERE name = ? OR substr(name, 1, ?) = ?", name, len(below), below)

    def put_blob(self, contents: bytes) -> str:
        sha = hashlib.sha256(contents).hexdigest()
        self._write("INSERT OR IGNORE INTO blobs VALUES (?, ?)", sha, contents)
        return sha

    def blob(self, sha: str) -> bytes:
        return bytes(self._rows("SELECT contents FROM blobs WHERE sha = ?", sha)[0][0])

    def _write(self, statement: str, *values: object) -> None:
        with self.transaction():
            self._connection.execute(statement, values)

    def _rows(self, query: str, *values: object) -> list[Any]:
        with self._lock:
            return self._connection.execute(query, values).fetchall()
