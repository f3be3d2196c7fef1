"""A full disk: existing data stays, the failed change is rolled back, and later changes succeed."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from sandbox.background import store_end
from sandbox.resources.store import Store
from sandbox.state import State
from sandbox.storage.contents import Contents
from sandbox.storage.objects import Storage


def test_the_part_of_a_failed_upload_is_deleted(tmp_path: Path) -> None:
    contents = Contents(tmp_path)
    contents.part(7).symlink_to("/dev/full")
    with pytest.raises(OSError, match="No space left"):
        contents.write(7, b"page")
    assert list(contents.parts.iterdir()) == []


def test_a_failed_overwrite_leaves_the_previous_object(tmp_path: Path) -> None:
    objects = Storage(State(tmp_path, 0))
    objects.catalogue.put_bucket({"name": "small"}, {})
    objects.put("small", "page", b"first", {})
    with (
        without_free_pages(objects.catalogue.connection),
        pytest.raises(sqlite3.OperationalError, match="full"),
    ):
        objects.put("small", "page", b"second", {"metadata": {"text": "x" * 100_000}})
    stored = objects.find("small", "page")
    assert Path(stored.path).read_bytes() == b"first"
    assert list(objects.contents.parts.iterdir()) == []
    objects.put("small", "page", b"second", {})
    assert Path(objects.find("small", "page").path).read_bytes() == b"second"
    objects.close()


@contextmanager
def without_free_pages(connection: sqlite3.Connection) -> Iterator[None]:
    """Limits the database to the pages that it has."""
    [[pages]] = connection.execute("PRAGMA page_count").fetchall()
    connection.execute(f"PRAGMA max_page_count = {pages}")
    yield
    connection.execute("PRAGMA max_page_count = 100000")


def test_the_end_of_an_operation_is_stored_when_there_is_room_again(tmp_path: Path) -> None:
    """Else its client would poll it forever."""
    store, attempts = Store(tmp_path), []

    def finish() -> None:
        attempts.append("attempt")
        if len(attempts) == 2:
            store._connection.execute("PRAGMA max_page_count = 100000")
        store.put("/operation", {"text": "x" * 100_000})

    with without_free_pages(store._connection):
        store_end(finish, retry_seconds=0)
    assert len(attempts) == 2 and store.get("/operation")
    with pytest.raises(ZeroDivisionError):
        store_end(lambda: 1 // 0)
    store.close()


def test_a_failed_change_is_rolled_back_and_the_next_one_is_stored(tmp_path: Path) -> None:
    store = Store(tmp_path)
    store.put("/a", {"n": 1})
    with without_free_pages(store._connection), pytest.raises(sqlite3.OperationalError, match="full"):
        store.put("/b", {"text": "x" * 100_000})
    store.put("/c", {"n": 2})
    store.close()
    reopened = Store(tmp_path)
    assert (reopened.get("/a"), reopened.get("/b"), reopened.get("/c")) == ({"n": 1}, None, {"n": 2})
    reopened.close()
