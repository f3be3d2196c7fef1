"""A disk that is full: what was there stays, what was begun is taken back, and it goes on with room."""

import sqlite3
from contextlib import contextmanager
from pathlib import Path

import pytest

from sandbox.resources.store import Store
from sandbox.state import State
from sandbox.storage.contents import Contents
from sandbox.storage.objects import Storage


def test_half_an_object_does_not_keep_the_disk_full(tmp_path):
    contents = Contents(tmp_path)
    contents.part(7).symlink_to("/dev/full")
    with pytest.raises(OSError, match="No space left"):
        contents.write(7, b"page")
    assert list(contents.parts.iterdir()) == []


def test_an_object_that_the_catalogue_has_no_room_for_leaves_the_one_before(tmp_path):
    objects = Storage(State(tmp_path, 0))
    objects.catalogue.put_bucket({"name": "small"}, {})
    objects.put("small", "page", b"first", {})
    with tight(objects.catalogue.connection), pytest.raises(sqlite3.OperationalError, match="full"):
        objects.put("small", "page", b"second", {"metadata": {"text": "x" * 100_000}})
    stored = objects.find("small", "page")
    assert Path(stored.path).read_bytes() == b"first"
    assert list(objects.contents.parts.iterdir()) == []
    objects.put("small", "page", b"second", {})
    assert Path(objects.find("small", "page").path).read_bytes() == b"second"
    objects.close()


@contextmanager
def tight(connection):
    """No page more than there are."""
    [[pages]] = connection.execute("PRAGMA page_count").fetchall()
    connection.execute(f"PRAGMA max_page_count = {pages}")
    yield
    connection.execute("PRAGMA max_page_count = 100000")


def test_a_change_that_found_no_room_is_taken_back_and_the_next_one_counts(tmp_path):
    store = Store(tmp_path)
    store.put("/a", {"n": 1})
    with tight(store._connection), pytest.raises(sqlite3.OperationalError, match="full"):
        store.put("/b", {"text": "x" * 100_000})
    store.put("/c", {"n": 2})
    store.close()
    again = Store(tmp_path)
    assert (again.get("/a"), again.get("/b"), again.get("/c")) == ({"n": 1}, None, {"n": 2})
    again.close()
