"""One run at a time: a second one leaves, a dead one is outlived, a robbed one stops."""

import json
import threading

import pytest

from pipeline.bucket import Content
from pipeline.errors import BucketError, LeaseHeld, LeaseLost
from pipeline.lease import Holder, Lease

EXECUTION = "projects/p/locations/l/jobs/pipeline/executions/pipeline-abcde"


class Object:
    """An object as Cloud Storage keeps it: every write has a new generation."""

    address = "gs://b/pipeline/lease.json"

    def __init__(self):
        self.content = None
        self.generations = 0
        self.written = threading.Event()

    def read(self):
        return self.content

    def write(self, text, generation):
        if generation != (self.content.generation if self.content else 0):
            return None
        self.generations += 1
        self.content = Content(text, self.generations)
        self.written.set()
        return self.generations

    def delete(self, generation):
        if self.content and self.content.generation == generation:
            self.content = None


@pytest.fixture
def kept():
    return Object()


def left_behind(kept, execution=""):
    """By a run that is no longer there, or is."""
    kept.write(json.dumps({"run": "daily of yesterday", "token": "t", "execution": execution, "beat": 1}), 0)


def lease(kept, *, execution="", ended=None, sleep=None, renew=3600.0):
    def unexpected(seconds):
        raise AssertionError("nobody had to wait")

    return Lease(kept, Holder("hourly", "mine", execution), lambda name: ended, sleep or unexpected, renew)


def test_a_second_run_leaves_while_the_first_renews(kept):
    def until_renewed(seconds):
        kept.written.clear()
        assert kept.written.wait(10)

    with lease(kept, renew=0.001) as first:
        with pytest.raises(LeaseHeld, match="hourly is going"), lease(kept, sleep=until_renewed):
            raise AssertionError("two at once")
        first.check()
        assert json.loads(kept.content.text)["run"] == "hourly"
    assert kept.content is None


def test_it_is_put_down_when_the_run_fails(kept):
    with pytest.raises(RuntimeError), lease(kept):
        raise RuntimeError
    assert kept.content is None


def test_a_second_run_leaves_at_once_while_the_execution_of_the_first_goes_on(kept):
    left_behind(kept, EXECUTION)
    with (
        pytest.raises(LeaseHeld, match="daily of yesterday.*pipeline-abcde") as raised,
        lease(kept, ended=False),
    ):
        raise AssertionError("two at once")
    assert raised.value.exit_code == 0
    assert kept.content.generation == 1  # not touched


def test_an_execution_that_has_ended_is_outlived_without_waiting(kept):
    left_behind(kept, EXECUTION)
    with lease(kept, ended=True):
        assert json.loads(kept.content.text)["token"] == "mine"


def test_the_next_attempt_of_the_same_task_takes_over_without_waiting(kept):
    left_behind(kept, EXECUTION)
    with lease(kept, execution=EXECUTION, ended=False):
        assert json.loads(kept.content.text)["token"] == "mine"


@pytest.mark.parametrize("execution", ["", EXECUTION])
def test_a_holder_that_nobody_can_ask_for_is_watched(kept, execution):
    left_behind(kept, execution)
    waited = []
    with lease(kept, sleep=waited.append, renew=5.0):
        assert json.loads(kept.content.text)["token"] == "mine"
    assert sum(waited) > 2 * 5.0  # two renewals are missing


def test_of_two_that_outlive_it_one_gets_it(kept):
    left_behind(kept)

    def the_other_was_faster(seconds):
        if kept.content.generation == 1 and len(waited) == 9:
            kept.write("{}", 1)
        waited.append(seconds)

    waited = []
    with pytest.raises(LeaseHeld), lease(kept, sleep=the_other_was_faster):
        raise AssertionError("two at once")
    assert kept.content.text == "{}"


def test_it_is_renewed(kept):
    with lease(kept, renew=0.001):
        for _ in range(3):
            kept.written.clear()
            assert kept.written.wait(10)


def test_a_run_that_was_robbed_stops_and_leaves_the_lease_alone(kept):
    with pytest.raises(LeaseLost, match="another run"), lease(kept, renew=0.001) as held:
        while not (kept.content and kept.write("{}", kept.content.generation)):
            pass
        while True:
            held.check()
    assert kept.content.text == "{}"


def test_a_lost_answer_is_no_robbery(kept):
    class Lossy(Object):
        def write(self, text, generation):
            super().write(text, generation)
            return super().write(text, generation)  # the client's own second try is refused

    kept = Lossy()
    with lease(kept) as held:
        held.check()
    assert kept.content is None


def test_a_lease_that_cannot_be_put_down_fails_no_run(kept):
    class Stuck(Object):
        def delete(self, generation):
            raise BucketError("try later")

    kept = Stuck()
    with lease(kept, execution=EXECUTION):
        pass
    with lease(kept, ended=True):  # the next run asks, and goes on
        assert json.loads(kept.content.text)["execution"] == ""


def test_what_is_no_lease_is_not_overwritten(kept):
    kept.write("<html>", 0)
    with pytest.raises(BucketError, match="delete it if none is going"), lease(kept):
        raise AssertionError
    assert kept.content.text == "<html>"
