"""A lease with a Cloud Run execution: its state decides whether the lease can be taken over."""

import threading

import msgspec
import pytest

from runtime.errors import LeaseHeld, LeaseLost, StorageError
from runtime.lease import Lease, LeaseDocument

NAME = "pipeline/lease.json"
EXECUTION = "projects/p/locations/l/jobs/pipeline/executions/pipeline-abcde"


class FakeStore:
    """One object with generations, as Cloud Storage has them: of two writes over one generation, one succeeds."""

    def __init__(self):
        self.content = None
        self.current = 0
        self.writes = 0
        self.written = threading.Event()
        self.lock = threading.Lock()

    def url_of(self, name):
        return f"gs://b/{name}"

    def generation(self, name):
        return self.current

    def read(self, name, generation):
        with self.lock:
            return self.content if generation == self.current else None

    def replace(self, name, content, generation):
        with self.lock:
            if generation != self.current:
                return None
            self.writes += 1
            self.current, self.content = self.writes, content
            self.written.set()
            return self.writes

    def delete(self, name, generation=None):
        with self.lock:
            if generation in (None, self.current):
                self.current, self.content = 0, None

    @property
    def document(self):
        assert self.content is not None
        return msgspec.json.decode(self.content, type=LeaseDocument)


@pytest.fixture
def store():
    return FakeStore()


def write_old_lease(store, execution=""):
    """The lease of an earlier run that did not release it."""
    document = LeaseDocument(owner="old", holder="daily of yesterday", execution=execution, renew_seconds=5.0)
    store.replace(NAME, msgspec.json.encode(document), 0)


def new_lease(store, *, execution="", ended=None, sleep=None, renew_seconds=3600.0):
    def unexpected_sleep(seconds):
        raise AssertionError("the lease must be taken over without waiting")

    return Lease(
        store,
        NAME,
        dict,
        holder="hourly",
        execution=execution,
        has_ended=lambda name: ended,
        renew_seconds=renew_seconds,
        sleep=sleep or unexpected_sleep,
    )


def test_a_second_run_is_rejected_while_the_first_renews(store):
    def sleep_until_renewed(seconds):
        store.written.clear()
        assert store.written.wait(60)

    with new_lease(store, renew_seconds=0.001) as first:
        with (
            pytest.raises(LeaseHeld, match="hourly holds the lease"),
            new_lease(store, sleep=sleep_until_renewed),
        ):
            raise AssertionError("two owners at once")
        first.check()
        assert store.document.holder == "hourly"
    assert store.content is None


def test_the_lease_is_released_when_the_run_fails(store):
    with pytest.raises(RuntimeError), new_lease(store):
        raise RuntimeError
    assert store.content is None


def test_a_second_run_is_rejected_at_once_while_the_execution_of_the_first_runs(store):
    write_old_lease(store, EXECUTION)
    with (
        pytest.raises(LeaseHeld, match="daily of yesterday.*pipeline-abcde") as raised,
        new_lease(store, ended=False),
    ):
        raise AssertionError("two owners at once")
    assert raised.value.exit_code == 75
    assert store.current == 1  # not written


def test_the_lease_of_an_ended_execution_is_taken_over_without_waiting(store):
    write_old_lease(store, EXECUTION)
    with new_lease(store, ended=True) as lease:
        assert store.document.owner == lease.owner


def test_the_next_attempt_of_the_same_task_takes_over_without_waiting(store):
    write_old_lease(store, EXECUTION)
    with new_lease(store, execution=EXECUTION, ended=False) as lease:
        assert store.document.owner == lease.owner


@pytest.mark.parametrize("execution", ["", EXECUTION])
def test_a_holder_of_unknown_state_is_watched(store, execution):
    write_old_lease(store, execution)
    pauses = list[float]()
    with new_lease(store, sleep=pauses.append) as lease:
        assert store.document.owner == lease.owner
    assert sum(pauses) > 2 * 5.0  # at least two renewals are missing


def test_only_one_of_two_processes_takes_a_dead_lease_over(store):
    write_old_lease(store)

    def sleep_until_the_other_is_faster(seconds):
        pauses.append(seconds)
        if len(pauses) == 9:
            store.replace(NAME, b"{}", 1)

    pauses = list[float]()
    with pytest.raises(LeaseHeld), new_lease(store, sleep=sleep_until_the_other_is_faster):
        raise AssertionError("two owners at once")
    assert store.content == b"{}"


def test_the_lease_is_renewed(store):
    with new_lease(store, renew_seconds=0.001):
        for _ in range(3):
            store.written.clear()
            assert store.written.wait(60)


def test_a_run_whose_lease_was_taken_over_stops_and_does_not_touch_the_lease(store):
    with pytest.raises(LeaseLost, match="another process"), new_lease(store, renew_seconds=0.001) as lease:
        while not (store.current and store.replace(NAME, b"{}", store.current)):
            pass
        while True:
            lease.check()
    assert store.content == b"{}"


def test_a_lost_response_is_not_a_lost_lease(store):
    class LossyStore(FakeStore):
        def replace(self, name, content, generation):
            super().replace(name, content, generation)
            return super().replace(name, content, generation)  # the client's own retry is rejected

    lossy = LossyStore()
    with new_lease(lossy) as lease:
        lease.check()
    assert lossy.content is None


def test_a_failed_release_does_not_fail_the_run(store):
    class UndeletableStore(FakeStore):
        def delete(self, name, generation=None):
            raise StorageError("try later")

    undeletable = UndeletableStore()
    with new_lease(undeletable, execution=EXECUTION):
        pass
    with new_lease(undeletable, ended=True) as lease:  # the next run takes over
        assert undeletable.document.owner == lease.owner


def test_an_object_that_is_not_a_lease_is_not_overwritten(store):
    store.replace(NAME, b"<html>", 0)
    with pytest.raises(StorageError, match="delete it if no run is active"), new_lease(store):
        raise AssertionError
    assert store.content == b"<html>"


def test_a_lease_of_the_former_pipeline_format_is_recognised(store):
    """Written before 2026-11-28: an upgrade must not start a second run beside a running one."""
    old = {"run": "daily 2026-11-27", "token": "t", "execution": EXECUTION, "beat": 7}
    store.replace(NAME, msgspec.json.encode(old), 0)
    with pytest.raises(LeaseHeld, match="pipeline-abcde"), new_lease(store, ended=False):
        raise AssertionError("two owners at once")
