"""A process is killed after any of its changes, and another one recovers."""

import itertools

from tests.connector.crash_injection import CrashingAdapter, Killed
from tests.connector.key_rotation.fake_secret import YEAR


def crashes(action):
    """`action(adapter)` in processes that are killed after their first change, their second, … until one
    finishes."""
    for change in itertools.count(1):
        try:
            action(CrashingAdapter(change))
        except Killed:
            yield change
        else:
            return


def test_a_rotation_that_was_killed_anywhere_is_finished_by_the_next_run(secret):
    """A job that starts in between reads a key that works, and no keys pile up."""
    before = secret.first
    for change in crashes(lambda adapter: rotate_due(secret, adapter)):
        assert secret.is_accepted(secret.latest()) and secret.is_accepted(before), change
        assert len(secret.issued()) <= 2, change  # at most one new key; the first was issued by hand
        secret.publish(**secret.event)  # it was not acknowledged, so it is delivered again
        secret.run()
        assert secret.is_accepted(secret.latest()) and secret.latest() != before, change
        secret.retire()
        assert not secret.is_accepted(before), change
        assert_one_key(secret)
        before = secret.latest()
    assert change > 3


def rotate_due(secret, adapter):
    secret.make_due()
    [secret.event] = [event for event in secret.drain() if event["eventType"] == "SECRET_ROTATE"]
    secret.publish(**secret.event)
    secret.run(adapter=adapter)


def assert_one_key(secret):
    assert list(secret.states().values()).count("ENABLED") == len(secret.issued()) == 1


def test_a_retirement_that_was_killed_anywhere_is_finished_by_the_next_run(secret):
    rotate_due(secret, None)
    for change in crashes(lambda adapter: secret.run(adapter=adapter, later=YEAR)):
        assert secret.is_accepted(secret.latest()), change
        secret.retire()
        assert_one_key(secret)
        rotate_due(secret, None)
    assert change >= 3
