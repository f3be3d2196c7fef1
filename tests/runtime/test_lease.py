"""The lease over one object of a store: one owner at a time; the next one resumes the stored state."""

import threading

import pytest

from connector.run.state import RunState
from runtime.errors import LeaseHeld, LeaseLost, StorageError
from runtime.lease import Lease

NAME = "sales/run.json"
STATE = RunState(id="sales-1", endpoint="sales", began=1)
NEVER = 1000.0  # seconds between renewals: this owner counts as dead


def new_lease(store, renew_seconds=NEVER, sleep=lambda seconds: None):
    return Lease(store, NAME, RunState, renew_seconds=renew_seconds, sleep=sleep)


def acquire_lease(store, renew_seconds=NEVER, sleep=lambda seconds: None):
    lease = new_lease(store, renew_seconds, sleep)
    lease.acquire()
    return lease


def test_only_one_owner_while_the_lease_is_renewed(store):
    first = acquire_lease(store, renew_seconds=0.01)
    first.save(STATE, holder=STATE.id)
    renewed, replace = threading.Event(), store.replace

    def replace_and_notify(*arguments):
        generation = replace(*arguments)
        renewed.set()
        return generation

    def sleep_until_renewed(seconds):
        """However late a busy machine starts the thread that renews."""
        renewed.clear()
        assert renewed.wait(60)

    store.replace = replace_and_notify
    with pytest.raises(LeaseHeld, match="sales-1 holds the lease gs://memory/sales/run.json"):
        acquire_lease(store, sleep=sleep_until_renewed)
    first.release()


def test_a_dead_owner_is_watched_for_three_renewals_and_its_state_taken_over(store):
    dead = acquire_lease(store)
    dead.save(STATE)
    delays = list[float]()
    successor = acquire_lease(store, sleep=delays.append)
    assert successor.state == STATE
    assert sum(delays) == 3 * NEVER
    assert successor.owner != dead.owner


def test_an_owner_that_was_taken_over_notices_it_at_its_next_write(store):
    dead = acquire_lease(store)
    dead.save(STATE)
    acquire_lease(store)
    with pytest.raises(LeaseLost, match="taken over by another process"):
        dead.save(STATE)
    with pytest.raises(LeaseLost):
        dead.check()


def test_the_release_of_a_lost_lease_changes_nothing(store):
    dead = acquire_lease(store)
    successor = acquire_lease(store)
    with pytest.raises(LeaseLost):
        dead.save(STATE)
    dead.release()
    successor.save(STATE)
    successor.check()


def test_a_failed_renewal_reports_a_lost_lease(store):
    slow = acquire_lease(store, renew_seconds=0.05)
    store.delete(NAME)
    slow.renewer.join(60)
    with pytest.raises(LeaseLost):
        slow.check()


def test_a_released_lease_is_taken_over_without_waiting(store):
    first = acquire_lease(store)
    first.save(STATE)
    first.release()
    successor = acquire_lease(store, sleep=lambda seconds: pytest.fail("waited for a released lease"))
    assert successor.state == STATE


def test_a_finished_run_leaves_no_object(store):
    lease = acquire_lease(store)
    lease.save(STATE)
    lease.clear_state()
    lease.release()
    assert store.names() == []


def test_one_of_two_simultaneous_takeovers_wins(store):
    """Both see a dead owner; the object's generation accepts the write of one of them."""
    acquire_lease(store).save(STATE)
    second = new_lease(store)

    def acquire_second(seconds):
        """While the first successor waits, the second one takes the lease."""
        if not second.generation:
            second.acquire()

    with pytest.raises(LeaseHeld):
        acquire_lease(store, sleep=acquire_second)
    second.check()
    assert (second.generation, second.state) == (store.generation(NAME), STATE)


def test_a_write_whose_response_was_lost_keeps_the_lease(store):
    lease = acquire_lease(store)
    replace = store.replace

    def replace_twice(name, content, generation, metadata=None):
        """The client retries; the second attempt finds the generation changed by the first."""
        replace(name, content, generation)
        return replace(name, content, generation)

    store.replace = replace_twice
    lease.save(STATE)
    store.replace = replace
    lease.save(STATE)
    lease.check()
    assert (lease.generation, lease.state) == (store.generation(NAME), STATE)


def test_a_short_outage_of_the_storage_keeps_the_lease(store):
    lease = acquire_lease(store, renew_seconds=0.01)
    replace, failed = store.replace, threading.Event()

    def fail(*arguments):
        failed.set()
        raise StorageError("503")

    store.replace = fail
    assert failed.wait(60)
    store.replace = replace
    lease.save(STATE)
    lease.release()


def test_an_object_that_is_not_a_lease_is_not_overwritten(store):
    store.create(NAME, b"{")
    with pytest.raises(StorageError, match=r"run.json is not a lease.* delete it"):
        acquire_lease(store)
    assert store.read(NAME, store.generation(NAME)) == b"{"
