"""A process that dies anywhere, and another one that goes on: every row once, nothing left lying about."""

import itertools
import os
import threading

import pytest
import requests
from requests.adapters import HTTPAdapter

from connector.errors import IncompleteRun
from connector.extract.page_loop import WORKERS
from runtime.errors import StorageError
from tests.connector.crash_injection import CrashingAdapter, Killed
from tests.connector.project import sale, sales

SPAN = 300  # rows of a run: two pages
# A run changes the world some twenty times. With CRASH_STEP=1 a process dies after each; every fourth takes
# seconds.
STEP = int(os.environ.get("CRASH_STEP", "5"))


def first_of(number):
    return 1 + number * SPAN


def deaths(act):
    """`act(adapter, number)` in processes that die after a change, a later one, … until one survives."""
    for number, change in enumerate(itertools.count(1, STEP), 1):
        try:
            act(CrashingAdapter(change), number)
        except Killed:
            yield number
        else:
            return


def test_killed_after_any_change_of_the_world(project, shop):
    def copy(adapter, number):
        first = first_of(number)
        shop.items["sales"] = sales(first, first + SPAN - 1)
        project.copy(start=str(first), adapter=adapter)

    for number in deaths(copy):
        if project.left():  # else it died after its very last change
            project.copy(start=str(first_of(number)))
        assert project.left() == [], number
    assert number > 3
    assert project.ids() == list(range(first_of(1), first_of(number + 2)))
    assert project.failed() == []
    assert project.rows("SELECT status, COUNT(*), SUM(rows_loaded) FROM ops.run_log GROUP BY status") == [
        ("success", number + 1, (number + 1) * SPAN)
    ]
    logged = project.rows("SELECT COUNT(*), COUNT(DISTINCT file_name), SUM(rows) FROM ops.file_log")
    assert logged == [(2 * (number + 1), 2 * (number + 1), (number + 1) * SPAN)]


def test_killed_while_a_bad_file_is_found_and_put_aside(project, shop):
    def copy(adapter, number):
        first = first_of(number)
        bad = [sale(number, items="none") for number in range(first, first + 250)]
        shop.items["sales"] = [*bad, *sales(first + 250, first + SPAN - 1)]
        with pytest.raises(IncompleteRun):
            project.copy(start=str(first), adapter=adapter)

    for number in deaths(copy):
        if project.left():
            with pytest.raises(IncompleteRun):
                project.copy(start=str(first_of(number)))
        assert project.left() == [], number
    good = [first_of(n) + 250 + i for n in range(1, number + 2) for i in range(50)]
    assert project.ids() == good
    assert len(project.failed()) == number + 1
    assert project.rows(
        "SELECT state, COUNT(*), COUNT(DISTINCT file_name) FROM ops.file_log GROUP BY 1 ORDER BY 1"
    ) == [
        ("archived", number + 1, number + 1),
        ("failed", number + 1, number + 1),
    ]


def test_killed_while_files_are_replayed(project, shop):
    """Those in failed/, and then again the same ones from archive/: each replay that ends adds its rows
    once."""
    shop.items["sales"] = [sale(number, items="none") for number in range(1, 252)]
    with pytest.raises(IncompleteRun):
        project.copy()
    names = []
    for file in project.failed():
        project.heal(file, b'"items": "none"', b'"items": []')
        names.append(file.rpartition("/")[2])

    for number in deaths(lambda adapter, number: project.replay(*names, adapter=adapter)):
        if project.left():
            project.replay(*names)
        assert project.left() == [] and project.failed() == [], number
        counts = project.rows("SELECT COUNT(*), COUNT(DISTINCT id) FROM raw.sales")
        assert counts == [(251 * number, 251)], number


class Full(HTTPAdapter):
    """A bucket that takes `room` new objects and no more: 507, which is not asked for again."""

    def __init__(self, room):
        super().__init__(pool_maxsize=32)
        self.room, self.refused = room, 0
        self.lock = threading.Lock()

    def send(self, request, **options):
        if "/upload/storage/" not in request.url or "ifGenerationMatch=0" not in request.url:
            return super().send(request, **options)
        with self.lock:
            self.room -= 1
            if self.room >= 0:
                return super().send(request, **options)
            self.refused += 1
        refusal = requests.Response()
        refusal.status_code, refusal.reason, refusal._content = 507, "Insufficient Storage", b"{}"
        return refusal


def test_a_bucket_without_room_ends_the_run_and_the_next_one_goes_on(project, shop):
    shop.items["sales"] = sales(1, 10 * 250)
    full = Full(room=4)  # run.json and three pages
    with pytest.raises(StorageError, match="could not write gs://.*507 Insufficient Storage"):
        project.copy(adapter=full)
    assert full.refused <= WORKERS  # each of them once
    there = len(list(project.bucket.list("sales/in/")))
    asked = sum(shop.pages.values())
    project.copy()
    assert project.ids() == list(range(1, 2501))
    assert project.left() == [] and project.failed() == []
    assert sum(shop.pages.values()) - asked == 11 - there  # 11: the tenth page was full
    assert project.log("status") == [("failed",), ("success",)]
