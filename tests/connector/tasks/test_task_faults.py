"""Tasks of one execution as threads, each with its own clients: killed anywhere, late, restarted, under two executions.

A task that is "killed" sends no request any more, not even a renewal of its leases.
"""

import dataclasses
import io
import itertools
import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import pytest

from connector.errors import IncompleteRun, SourceUnavailable
from connector.run import run
from connector.settings import Task
from connector.sources.window import IdRange
from runtime.errors import LeaseHeld, LeaseLost, UsageError
from runtime.structured_log import StructuredLog
from tests.connector.crash_injection import CrashingAdapter, Killed
from tests.connector.tasks.harness import create_context
from tests.connector.tasks.sales_sources import Place, close_reader, number_of

# The thread that renews the lease of a killed task ends with its request.
pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
ROWS, PAGE_ROWS = 500, 100
PARTS = ROWS // PAGE_ROWS
NEVER = 1000.0  # seconds between renewals: the process looks dead


class Fleet:
    """`reads`: how often each part was begun, by its file name."""

    def __init__(self, project, sales):
        self.project, self.sales = project, sales
        self.place = Place(project.address, project.name, project.bucket_name, sales.kind, sales.url)
        self.reads: Counter[str] = Counter()
        self.contexts = []

    def context(self, execution, index=0, count=3, attempt=0, place=None, **others):
        task = Task(execution, index, count, attempt)
        context = create_context(
            self.project, place or self.place, task, log=StructuredLog(io.StringIO()), **others
        )
        self.contexts.append(context)
        read = context.reader.read_part

        def read_part(position, file_name):
            self.reads[file_name] += 1
            return read(position, file_name)

        context.reader.read_part = read_part
        return context

    def errors(self, owner, *others, meet=True):
        """What each task ended with. `owner` has the lease when the others begin. `meet`: every task reads a part
        before the owner has read one; False where fewer parts than tasks are left."""
        began, ready = threading.Event(), threading.Semaphore(0)
        plan = owner.reader.make_plan

        def make_plan(span):
            began.set()
            return plan(span)

        def run_owner():
            try:
                run.copy(owner, IdRange())
            finally:
                began.set()  # it may have ended before its plan

        read, is_first = owner.reader.read_part, iter([True])

        def read_part(position, file_name):
            for _ in others if meet and next(is_first, False) else ():
                ready.acquire(timeout=30)
            return read(position, file_name)

        owner.reader.make_plan, owner.reader.read_part = make_plan, read_part
        with ThreadPoolExecutor(1 + len(others)) as pool:
            futures = [pool.submit(run_owner)]
            began.wait(30)
            futures += [pool.submit(run_other, other, ready) for other in others]
            return [future.exception() for future in futures]

    def kill_at_read(self, number):
        """A single task is killed when it begins so many parts; at least `number - 2` are in the bucket."""
        adapter = CrashingAdapter()
        context = self.context("first", 0, adapter=adapter)
        read, begun = context.reader.read_part, itertools.count(1)

        def read_part(position, file_name):
            if next(begun) == number:
                adapter.last = len(adapter.changes)
            return read(position, file_name)

        context.reader.read_part = read_part
        with pytest.raises(Killed):
            run.copy(context, IdRange())

    def copies(self):
        """How often each id is in raw; the same for all if no row was lost or loaded twice."""
        ids = Counter(self.project.ids())
        assert set(ids) == set(range(1, ROWS + 1))
        [times] = set(ids.values())
        return times

    def close(self):
        for context in self.contexts:
            close_reader(context.reader)


def run_other(other, ready):
    """Releases `ready` once: at the first part, or when the task ends without one."""
    read, is_first = other.reader.read_part, iter([True])

    def read_part(position, file_name):
        if next(is_first, False):
            ready.release()
        return read(position, file_name)

    other.reader.read_part = read_part
    try:
        run.copy(other, IdRange())
    finally:
        if next(is_first, False):
            ready.release()


@pytest.fixture
def fleet(project, sales):
    sales.fill(ROWS, PAGE_ROWS)
    fleet = Fleet(project, sales)
    yield fleet
    fleet.close()


@pytest.mark.parametrize(
    ("sales", "killed"),
    [
        ("postgres", "owner"),
        ("postgres", "other"),
        ("mysql", "other"),
        ("mongodb", "owner"),
        ("files", "owner"),
    ],
    indirect=["sales"],
)
def test_a_task_is_killed_at_any_change(fleet, project, killed):
    """The others end the copy: at every step of the run, also while it is loaded."""
    index = 0 if killed == "owner" else 1
    for change in itertools.count(1, 9):
        adapter = CrashingAdapter(change)
        contexts = [
            fleet.context(f"run-{change}", each, adapter=adapter if each == index else None)
            for each in range(3)
        ]
        fleet.reads.clear()
        fleet.sales.renew()
        errors = fleet.errors(*contexts)
        assert [error for error in errors if not isinstance(error, Killed)] in ([None] * 2, [None] * 3)
        assert fleet.reads.total() - PARTS <= 2
        assert len(project.log("run_id")) == fleet.copies()
        assert set(project.log("status, pages, rows_loaded")) == {("success", PARTS, ROWS)}
        if errors == [None] * 3:
            break
    assert change > 8


def test_a_task_that_starts_after_the_end_copies_nothing(fleet, project):
    """Slow to start, or restarted by Cloud Run after a kill: the table must not be copied a second time."""
    assert fleet.errors(*[fleet.context("first", index) for index in range(3)]) == [None] * 3
    run.copy(fleet.context("first", 2, attempt=1), IdRange())
    assert fleet.copies() == 1
    run.copy(fleet.context("second", 2), IdRange())
    assert fleet.copies() == 2
    assert [status for (status,) in project.log("status")] == ["success"] * 2


def test_the_tasks_of_a_second_execution_do_nothing(fleet, project):
    rejected: list[str] = []
    owner = fleet.context("first", 0, count=2)
    read = owner.reader.read_part

    def read_part(position, file_name):
        if not rejected:
            rejected.append("begun")
            for index in range(2):
                with pytest.raises(LeaseHeld, match="holds the lease gs://.*sales/run.json"):
                    run.copy(fleet.context("second", index, count=2), IdRange())
            rejected.append("rejected")
        return read(position, file_name)

    owner.reader.read_part = read_part  # while the first execution reads
    assert fleet.errors(owner, fleet.context("first", 1, count=2)) == [None] * 2
    assert "rejected" in rejected
    assert fleet.copies() == 1


def test_a_paused_owner_is_taken_over_and_changes_nothing(fleet, project):
    """It continues after another task has finished its run."""
    owner = fleet.context("first", 0, renew_seconds=NEVER)
    paused: list[str] = []
    read = owner.reader.read_part

    def read_part(position, file_name):
        if not paused:
            paused.append(position)
            run.copy(fleet.context("first", 1, sleep=lambda seconds: None), IdRange())
        return read(position, file_name)

    owner.reader.read_part = read_part
    with pytest.raises(LeaseLost):
        run.copy(owner, IdRange())
    run.copy(fleet.context("first", 0, attempt=1), IdRange())  # Cloud Run starts it again
    assert fleet.copies() == 1
    assert project.log("status") == [("success",)]


def test_an_execution_resumes_the_parts_of_a_killed_one(fleet, project):
    """All of its tasks were killed; the next one has fewer of them."""
    fleet.kill_at_read(4)
    there = [item.name for item in project.bucket.list("sales/in/")]
    fleet.reads.clear()
    others = [fleet.context("second", index, 2) for index in range(2)]
    assert fleet.errors(*others, meet=False) == [None] * 2
    assert there and not {name.rpartition("/")[2] for name in there} & set(fleet.reads)
    assert fleet.copies() == 1


def test_a_plan_of_another_declaration_is_given_up(fleet, project):
    """Under it the same number is another part; its files are kept in failed/."""
    fleet.kill_at_read(4)
    changed = dataclasses.replace(fleet.place, window=True)
    others = [fleet.context("second", index, 2, place=changed) for index in range(2)]
    assert fleet.errors(*others) == [None] * 2
    assert fleet.copies() == 1
    assert project.failed()
    assert project.log("status") == [("success",)]


@pytest.mark.parametrize("sales", ["postgres", "mongodb", "files"], indirect=True)
def test_a_part_that_fails_is_a_gap_of_the_run_and_read_by_the_restarted_tasks(fleet, project):
    def fail(context):
        read = context.reader.read_part

        def read_part(position, file_name):
            if number_of(position, fleet.place) == 3:
                raise SourceUnavailable("time-out")
            return read(position, file_name)

        context.reader.read_part = read_part
        return context

    errors = fleet.errors(*[fail(fleet.context("first", index)) for index in range(3)])
    assert [type(error) for error in errors] == [IncompleteRun] * 3
    assert all("part 3 of 5: time-out" in str(error) for error in errors)
    third = range(
        202 if fleet.sales.kind == "files" else 201, 301
    )  # the header is a part of a file's first part
    assert project.ids() == [number for number in range(1, ROWS + 1) if number not in third]
    restarted = [fleet.context("first", index, attempt=1) for index in range(3)]
    assert fleet.errors(*restarted, meet=False) == [None] * 3
    assert set(project.ids()) == set(range(1, ROWS + 1))
    assert len(project.log("run_id")) <= 3  # one row for the run, and not one for each task


def test_an_object_that_is_deleted_meanwhile_is_missed_in_the_counts(fleet, project):
    owner = fleet.context("first", 0)
    save = owner.store.list

    def list_objects(prefix):
        """After all parts are read, an object is deleted before it is loaded."""
        objects = list(save(prefix))
        if "/in/" in prefix and len(objects) == PARTS:
            project.bucket.delete(objects.pop().name)
        return iter(objects)

    owner.landing.store.list = list_objects
    with pytest.raises(IncompleteRun, match="500 rows were received, but the files have [0-4]00"):
        run.copy(owner, IdRange())


def test_tasks_cannot_share_a_source_that_is_read_page_by_page(project, shop):
    with pytest.raises(UsageError, match="sales is read page by page, so 3 tasks cannot share it"):
        project.copy(task=Task("first", 0, 3))
