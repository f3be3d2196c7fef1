"""One run of an endpoint at a time; a dead one is taken over with all it knew."""

import threading

import pytest
from connector.lease import Lease

from connector.run.state import RunState
from runtime.errors import LeaseHeld, LeaseLost, StorageError

NAME = "sales/run.json"
STATE = RunState(id="sales-1", endpoint="sales", began=1)
NEVER = 1000.0  # seconds between renewals: this owner is as good as dead


def taken(bucket, renew_seconds=NEVER, sleep=lambda seconds: None):
    lease = Lease(bucket, NAME, renew_seconds)
    lease.acquire(sleep)
    return lease


def test_nobody_else_while_it_is_renewed(bucket):
    first = taken(bucket, renew_seconds=0.01)
    first.save(STATE)
    with pytest.raises(LeaseHeld, match="sales-1 is going: it renews gs://memory/sales/run.json"):
        taken(bucket, sleep=lambda seconds: threading.Event().wait(0.02))
    first.release()


def test_a_dead_owner_is_watched_for_three_of_its_periods_and_then_followed(bucket):
    dead = taken(bucket)
    dead.save(STATE)
    slept = []
    heir = taken(bucket, sleep=slept.append)
    assert heir.state == STATE
    assert sum(slept) == 3 * NEVER
    assert heir.owner != dead.owner


def test_the_dead_one_that_wakes_up_finds_out(bucket):
    dead = taken(bucket)
    dead.save(STATE)
    taken(bucket)
    with pytest.raises(LeaseLost, match="taken by another process"):
        dead.save(STATE)
    with pytest.raises(LeaseLost):
        dead.check()


def test_its_release_harms_nobody(bucket):
    dead = taken(bucket)
    heir = taken(bucket)
    with pytest.raises(LeaseLost):
        dead.save(STATE)
    dead.release()
    heir.save(STATE)
    heir.check()


def test_renewing_finds_out_too(bucket):
    slow = taken(bucket, renew_seconds=0.05)
    bucket.delete(NAME)
    slow.renewing.join(5)
    with pytest.raises(LeaseLost):
        slow.check()


def test_one_that_was_put_down_is_taken_up_at_once(bucket):
    first = taken(bucket)
    first.save(STATE)
    first.release()
    heir = taken(bucket, sleep=lambda seconds: pytest.fail("there is nobody to wait for"))
    assert heir.state == STATE


def test_a_run_that_is_over_leaves_nothing(bucket):
    lease = taken(bucket)
    lease.save(STATE)
    lease.forget()
    lease.release()
    assert bucket.names() == []


def test_two_that_come_at_once(bucket):
    """Both see a dead owner; the object's generation lets one of them through."""
    taken(bucket).save(STATE)
    second = Lease(bucket, NAME, NEVER)

    def slower(seconds):
        """While the other one waits, the second takes it."""
        if not second.generation:
            second.acquire(lambda seconds: None)

    with pytest.raises(LeaseHeld):
        taken(bucket, sleep=slower)
    second.check()


def test_a_write_whose_answer_was_lost_is_still_ours(bucket):
    lease = taken(bucket)
    real = bucket.replace

    def lost(name, content, generation, metadata=None):
        """The client sends again by itself, and is told that the object has changed: by us."""
        real(name, content, generation)
        return real(name, content, generation)

    bucket.replace = lost
    lease.save(STATE)
    bucket.replace = real
    lease.save(STATE)
    lease.check()


def test_a_storage_that_is_away_for_a_moment_costs_nothing(bucket):
    lease = taken(bucket, renew_seconds=0.01)
    real, failed = bucket.replace, threading.Event()

    def away(*arguments):
        failed.set()
        raise StorageError("503")

    bucket.replace = away
    assert failed.wait(5)
    bucket.replace = real
    lease.save(STATE)
    lease.release()


def test_what_is_no_lease_is_not_touched(bucket):
    bucket.create(NAME, b"{")
    with pytest.raises(StorageError, match=r"run.json is not what a run writes.* delete it"):
        taken(bucket)
    assert bucket.read(NAME, bucket.generation(NAME)) == b"{"
