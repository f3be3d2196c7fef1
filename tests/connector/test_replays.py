"""Replays: files that BigQuery rejected, and files in the archive."""

import itertools
import threading

import pytest
from requests.adapters import HTTPAdapter

from connector.errors import FileMissing, IncompleteRun
from connector.settings import Task
from runtime.errors import UsageError
from tests.connector.crash_injection import CrashingAdapter, Killed
from tests.connector.project import sale, sales
from tests.fakes.retail_api import Fault


def test_only_the_bad_file_fails_and_it_can_be_replayed(project, shop):
    shop.items["sales"] = sales(1, 600)
    shop.items["sales"][250:500] = [sale(number, items="none") for number in range(251, 501)]
    with pytest.raises(
        IncompleteRun, match="1 files are in sales/failed/.*python -m connector replay --endpoint sales"
    ):
        project.copy()
    assert project.ids() == [*range(1, 251), *range(501, 601)]
    [name] = project.failed()
    assert project.remaining() == []
    [(reason,)] = project.rows("SELECT reason FROM ops.file_log WHERE state = 'failed'")
    assert name.rpartition("/")[2] in reason
    assert project.log("status, files, rows_loaded") == [("partial", 2, 350)]

    with pytest.raises(IncompleteRun):
        project.replay()  # not repaired yet: it fails again, and no row is duplicated
    assert len(project.ids()) == 350 and project.failed() == [name]

    project.repair(name, b'"items": "none"', b'"items": []')
    project.replay()
    assert sorted(project.ids()) == list(range(1, 601))
    assert project.failed() == [] and project.remaining() == []
    lineage = project.rows(
        "SELECT DISTINCT SYS_FILE_NAME FROM raw.sales WHERE CAST(id AS INT64) BETWEEN 251 AND 500"
    )
    assert lineage == [(name.rpartition("/")[2],)]
    project.replay()
    assert len(project.ids()) == 600
    assert "no files in sales/failed/" in project.lines()[-1]["message"]


@pytest.mark.parametrize("metadata", [True, False])
def test_a_file_that_a_person_edited_is_counted_again(project, shop, metadata):
    """Two rows deleted, one still rejected; an upload by hand may also lose the metadata."""
    shop.items["sales"] = [sale(number, items="none") for number in range(1, 101)]
    with pytest.raises(IncompleteRun):
        project.copy()
    [name] = project.failed()
    [item] = project.bucket.list(name)
    lines = project.bucket.read(name, project.bucket.generation(name)).splitlines(keepends=True)
    edited = [line.replace(b'"items": "none"', b'"items": []') for line in lines[2:-1]] + lines[-1:]
    project.bucket.delete(name)
    project.bucket.create(name, b"".join(edited), item.metadata if metadata else {})
    project.replay()
    assert len(project.ids()) == 97 and project.failed() == []
    assert project.log("status, rows_loaded")[-1] == ("success", 97)
    [rejects] = [item.name for item in project.bucket.list("sales/rejects/")]
    assert project.bucket.read(rejects, project.bucket.generation(rejects)).count(b"\n") == 1


def test_a_named_file_is_loaded_again(project, shop):
    shop.items["sales"] = sales(1, 300)
    project.copy()
    [first, second] = [item.name.rpartition("/")[2] for item in project.bucket.list("sales/archive/")]
    small = (
        first
        if project.rows(f"SELECT COUNT(*) FROM raw.sales WHERE SYS_FILE_NAME = '{first}'") == [(50,)]
        else second
    )
    project.replay(small)
    assert sorted(project.ids()) == sorted([*range(1, 301), *range(251, 301)])
    assert len(project.rows("SELECT DISTINCT SYS_FILE_NAME FROM raw.sales")) == 2


def test_a_day_is_loaded_again(project, shop):
    """Files of runs of the day, archived or failed, and of no other day."""
    shop.items["sales"] = [*sales(1, 250), sale(251, items="none")]
    with pytest.raises(IncompleteRun):
        project.copy()
    [failed] = project.failed()
    day = failed.rpartition("/")[2].split("_")[1]
    project.repair(failed, b'"items": "none"', b'"items": []')
    project.clock += 24 * 3600 * 1000
    shop.items["sales"] += sales(252, 260)
    project.copy(start="252")
    project.replay(day=day)
    assert sorted(project.ids()) == sorted([*range(1, 251), *range(1, 252), *range(252, 261)])
    assert project.failed() == [] and project.remaining() == []
    assert len(project.rows("SELECT DISTINCT SYS_FILE_NAME FROM raw.sales")) == 3
    project.replay(day="20010101")
    assert "no files in sales/archive/20010101/" in project.lines()[-1]["message"]


def test_a_missing_file_and_an_invalid_name_are_errors(project):
    name = "sales_20260131_0930_01a1fd06-ca73-7000-8000-000000000000.json"
    with pytest.raises(FileMissing, match="is neither in sales/failed/ nor in sales/archive/"):
        project.replay(name)
    with pytest.raises(UsageError, match="is not a file name of the connector"):
        project.replay("sales.json")
    assert project.remaining() == []


def test_files_of_an_abandoned_run_are_moved_to_failed(interrupted):
    project = interrupted
    project.bucket.delete("sales/run.json")
    project.copy()
    assert project.ids() == list(range(1, 7501))
    assert project.remaining() == []
    assert project.failed()
    project.replay()
    assert set(project.ids()) == set(range(1, 7501))
    assert project.failed() == []


class DeletingAdapter(HTTPAdapter):
    """Deletes the other file in failed/ when the first one is moved to processing/."""

    def __init__(self, bucket):
        super().__init__(pool_maxsize=32)
        self.bucket, self.is_done, self.lock = bucket, False, threading.Lock()

    def send(self, request, *arguments, **options):
        with self.lock:  # files are moved side by side
            if not self.is_done and "/moveTo/" in request.url and "processing" in request.url:
                self.is_done = True
                self.delete_all_but(request.url)
        return super().send(request, *arguments, **options)

    def delete_all_but(self, url):
        for item in self.bucket.list("sales/failed/"):
            if item.name.rpartition("/")[2] not in url:
                self.bucket.delete(item.name)


@pytest.fixture
def two_failed(project, shop):
    """Two files in failed/ that can be loaded now."""
    shop.items["sales"] = [sale(number, items="none") for number in range(1, 501)]
    with pytest.raises(IncompleteRun):
        project.copy()
    for name in project.failed():
        project.repair(name, b'"items": "none"', b'"items": []')
    return project


def test_a_file_that_is_deleted_during_a_replay_makes_it_incomplete(two_failed):
    with pytest.raises(
        IncompleteRun, match="1 of 2 files were deleted during the replay, first sales_.*Run the replay"
    ):
        two_failed.replay(adapter=DeletingAdapter(two_failed.bucket))
    assert len(two_failed.ids()) == 250


def test_a_retry_of_an_incomplete_replay_fails_too(two_failed):
    """The first attempt archived what it found, so failed/ is empty and the retry would have nothing to do."""
    with pytest.raises(IncompleteRun):
        two_failed.replay(adapter=DeletingAdapter(two_failed.bucket), task=Task("connector-x7k2p"))
    assert two_failed.failed() == []
    for _ in range(2):
        with pytest.raises(
            IncompleteRun, match="1 of 2 files were deleted .* This is a retry of the same execution"
        ):
            two_failed.replay(task=Task("connector-x7k2p"))
    two_failed.replay(task=Task("connector-b81qz"))
    assert "no files in sales/failed/" in two_failed.lines()[-1]["message"]
    assert two_failed.remaining() == []


def test_the_next_copy_follows_an_incomplete_replay(two_failed, shop):
    with pytest.raises(IncompleteRun):
        two_failed.replay(adapter=DeletingAdapter(two_failed.bucket), task=Task("connector-x7k2p"))
    shop.items["sales"] += sales(501, 520)
    two_failed.copy(start="501", task=Task("connector-b81qz"))
    assert two_failed.ids()[-20:] == list(range(501, 521))
    assert two_failed.remaining() == []


def test_a_retry_fails_wherever_the_incomplete_replay_was_killed(project, shop):
    """The file is rejected by BigQuery in every attempt."""
    shop.items["sales"] = [sale(number, items="none") for number in range(1, 51)]
    with pytest.raises(IncompleteRun):
        project.copy()
    for change in itertools.count(1, 4):
        execution = f"connector-{change}"
        try:
            project.replay(adapter=CrashingAdapter(change), task=Task(execution))
        except Killed:
            with pytest.raises(IncompleteRun):
                project.replay(task=Task(execution))
        except IncompleteRun:
            break
        with pytest.raises(IncompleteRun, match="retry of the same execution"):
            project.replay(task=Task(execution))
    assert change > 8
    assert len(project.failed()) == 1 and project.ids() == []


def test_a_replay_keeps_the_gap_of_an_earlier_run(two_failed, shop):
    """The watermark is past the gap, so only run.json names it."""
    shop.items["sales"] = sales(1, 250 * 6)
    shop.faults = [Fault(page=3, times=99, status=500)]
    with pytest.raises(IncompleteRun, match="the next run requests only these pages"):
        two_failed.copy(start="501")
    two_failed.replay()
    shop.faults = []
    two_failed.copy(start="1500")
    assert set(two_failed.ids()) == set(range(1, 1501))
    assert two_failed.remaining() == []
