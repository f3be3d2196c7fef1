"""Of two releases that begin at once, whatever the order of their requests, exactly one continues."""

import pytest

from pipeline.restore.automatic import find_release
from runtime.delivery import Refused
from runtime.delivery.releases import ReleaseLog
from tests.report.warehouse import create_ops
from tests.scripts.test_delivery_rules import release


@pytest.fixture
def log(sandbox):
    return ReleaseLog(create_ops(sandbox.address).client)


def states(log):
    return {each.release: each.state for each in log.read()}


def test_the_first_of_two_continues_and_the_second_is_refused(log):
    log.append(release(1))
    log.begin(release(2, "rolling out"))
    with pytest.raises(
        Refused, match=r"another rollout or rollback is in progress: r2 began before\. Nothing was"
    ):
        log.begin(release(3, "rolling out", "rollback"))
    assert states(log) == {"r1": "accepted", "r2": "rolling out", "r3": "failed"}


def test_a_later_one_whose_row_came_first_does_not_stop_the_earlier(log):
    log.append(release(3, "rolling out"))  # its process has not read the log again
    log.begin(release(2, "rolling out"))
    with pytest.raises(Refused, match="r2 began before"):
        log.begin(release(3, "rolling out"))


def test_a_rollback_of_an_unfinished_release_begins_beside_it(log):
    log.begin(release(2, "rolling out"))
    log.begin(release(3, "rolling out", "rollback", target="r1"), undone="r2")
    assert states(log)["r3"] == "rolling out"


AUTOMATIC = {"kind": "rollback", "reason": "automatic: bad"}


@pytest.mark.parametrize(
    ("newest", "name", "expected"),
    [
        (release(2, "watching"), "r2", "r2"),
        (release(2, "watching"), "r1", None),
        (release(2, "watching"), None, None),
        (release(2, "accepted"), "r2", None),
        (release(2, "kept"), "r2", None),
        (release(2, "rolled back"), "r2", None),
        (release(2, "rolling out"), "r2", None),
        (release(2, "rolling out", **AUTOMATIC), None, "r2"),
        (release(2, "rolling out", **AUTOMATIC), "r1", "r2"),
        (release(2, "accepted", **AUTOMATIC), None, None),
        (release(2, "rolling out", "rollback", reason="a person"), None, None),
    ],
)
def test_the_job_undoes_the_watched_release_or_finishes_its_own_rollback(newest, name, expected):
    watched = find_release([release(1), newest, release(3, "failed")], name)
    assert (watched.release if watched else None) == expected


def test_without_a_release_there_is_nothing_to_undo():
    assert find_release([], "r1") is None and find_release([release(1, "failed")], "r1") is None
