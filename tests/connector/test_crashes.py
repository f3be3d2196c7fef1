"""A process is killed anywhere, and the next one recovers: every row once, no objects left behind."""

import itertools
import os
import threading

import pytest
import requests
from requests.adapters import HTTPAdapter

from connector.errors import IncompleteRun
from connector.extract.workers import WORKERS
from runtime.errors import StorageError
from tests.connector.crash_injection import CrashingAdapter, Killed
from tests.connector.project import sale, sales

SPAN = 300  # rows of a run: two pages
# A run sends about twenty changes. With CRASH_STEP=1 a process is killed after each of them; the default takes
# seconds.
STEP = int(os.environ.get("CRASH_STEP", "5"))


def first_of(number):
    return 1 + number * SPAN


def crashes(action):
    """`action(adapter, number)` in processes that are killed after a change, a later one, … until one finishes."""
    for number, change in enumerate(itertools.count(1, STEP), 1):
        try:
            action(CrashingAdapter(change), number)
        except Killed:
            yield number
        else:
            return


def test_a_run_that_was_killed_anywhere_is_finished_by_the_next(project, shop):
    def copy(adapter, number):
        first = first_of(number)
        shop.items["sales"] = sales(first, first + SPAN - 1)
        project.copy(start=str(first), adapter=adapter)

    for number in crashes(copy):
        if project.remaining():  # else it was killed after its last change
            project.copy(start=str(first_of(number)))
        assert project.remaining() == [], number
    assert number > 3
    assert project.ids() == list(range(first_of(1), first_of(number + 2)))
    assert project.failed() == []
    assert project.rows("SELECT status, COUNT(*), SUM(rows_loaded) FROM ops.run_log GROUP BY status") == [
        ("success", number + 1, (number + 1) * SPAN)
    ]
    logged = project.rows("SELECT COUNT(*), COUNT(DISTINCT file_name), SUM(`rows`) FROM ops.file_log")
    assert logged == [(2 * (number + 1), 2 * (number + 1), (number + 1) * SPAN)]


def test_a_run_that_was_killed_while_it_moves_a_bad_file_is_finished(project, shop):
    def copy(adapter, number):
        first = first_of(number)
        bad = [sale(number, items="none") for number in range(first, first + 250)]
        shop.items["sales"] = [*bad, *sales(first + 250, first + SPAN - 1)]
        with pytest.raises(IncompleteRun):
            project.copy(start=str(first), adapter=adapter)

    for number in crashes(copy):
        if project.remaining():
            with pytest.raises(IncompleteRun):
                project.copy(start=str(first_of(number)))
        assert project.remaining() == [], number
    good = [first_of(n) + 250 + i for n in range(1, number + 2) for i in range(50)]
    assert project.ids() == good
    assert len(project.failed()) == number + 1
    assert project.rows(
        "SELECT state, COUNT(*), COUNT(DISTINCT file_name) FROM ops.file_log GROUP BY 1 ORDER BY 1"
    ) == [
        ("archived", number + 1, number + 1),
        ("failed", number + 1, number + 1),
    ]


def test_a_replay_that_was_killed_anywhere_is_finished(project, shop):
    """Files in failed/, then the same ones in archive/: each finished replay adds its rows once."""
    shop.items["sales"] = [sale(number, items="none") for number in range(1, 252)]
    with pytest.raises(IncompleteRun):
        project.copy()
    names = []
    for file in project.failed():
        project.repair(file, b'"items": "none"', b'"items": []')
        names.append(file.rpartition("/")[2])

    for number in crashes(lambda adapter, number: project.replay(*names, adapter=adapter)):
        if project.remaining():
            project.replay(*names)
        assert project.remaining() == [] and project.failed() == [], number
        counts = project.rows("SELECT COUNT(*), COUNT(DISTINCT id) FROM raw.sales")
        assert counts == [(251 * number, 251)], number


def test_a_limit_that_changes_between_kill_and_resume_loses_no_row(project, shop):
    """The pages of the killed run are given up in its fetch phase, and continued in its load phase."""

    def copy(adapter, number):
        first = first_of(number)
        shop.items["sales"] = sales(first, first + SPAN - 1)
        project.copy(start=str(first), adapter=adapter)

    for number in crashes(copy):
        if project.remaining():
            project.source.paging["limit"] = 100
            project.copy(start=str(first_of(number)))
            project.source.paging["limit"] = 250
        assert project.remaining() == [], number
    assert number > 3
    assert project.ids() == list(range(first_of(1), first_of(number + 2)))


def test_objects_that_are_deleted_after_a_kill_are_requested_again_or_reported(project, shop):
    def copy(adapter, number):
        first = first_of(number)
        shop.items["sales"] = sales(first, first + SPAN - 1)
        project.copy(start=str(first), adapter=adapter)

    reported = 0
    for number in crashes(copy):
        there = [
            item.name
            for item in project.bucket.list("")
            if "/in/" in item.name or "/processing/" in item.name
        ]
        for name in there[:1]:
            project.bucket.delete(name)
        if not project.remaining():
            continue
        try:
            project.copy(start=str(first_of(number)))
        except IncompleteRun as error:
            assert "objects were deleted or replaced" in str(error)
            reported += 1
            project.copy(start=str(first_of(number)))
        assert project.remaining() == [], number
    assert reported > 0
    assert sorted(set(project.ids())) == list(range(first_of(1), first_of(number + 2)))


class FullBucketAdapter(HTTPAdapter):
    """A bucket that accepts `room` new objects, then returns 507, which is not retried."""

    def __init__(self, room):
        super().__init__(pool_maxsize=32)
        self.room, self.rejected = room, 0
        self.lock = threading.Lock()

    def send(self, request, *arguments, **options):
        if "/upload/storage/" not in request.url or "ifGenerationMatch=0" not in request.url:
            return super().send(request, *arguments, **options)
        with self.lock:
            self.room -= 1
            if self.room >= 0:
                return super().send(request, *arguments, **options)
            self.rejected += 1
        rejection = requests.Response()
        rejection.status_code, rejection.reason, rejection._content = 507, "Insufficient Storage", b"{}"
        return rejection


def test_a_full_bucket_fails_the_run_and_the_next_one_resumes(project, shop):
    shop.items["sales"] = sales(1, 10 * 250)
    full = FullBucketAdapter(room=4)  # run.json and three pages
    with pytest.raises(StorageError, match="could not write gs://.*507 Insufficient Storage"):
        project.copy(adapter=full)
    assert full.rejected <= WORKERS  # at most once per worker
    existing = len(list(project.bucket.list("sales/in/")))
    requests_before = sum(shop.pages.values())
    project.copy()
    assert project.ids() == list(range(1, 2501))
    assert project.remaining() == [] and project.failed() == []
    assert sum(shop.pages.values()) - requests_before == 11 - existing  # 11: the tenth page was full
    assert project.log("status") == [("failed",), ("success",)]
