"""Two runs of an endpoint at once."""

import time

import pytest

from runtime.errors import LeaseHeld, LeaseLost
from tests.connector.project import sales

NEVER = 1000.0  # seconds between renewals of a process that is only silent


def test_a_second_run_leaves_and_says_why(project, shop):
    shop.items["sales"] = sales(1, 300)
    refused = []

    def meanwhile():
        with pytest.raises(LeaseHeld, match="holds the lease gs://.*sales/run.json") as raised:
            project.copy(sleep=time.sleep)
        refused.append(raised)

    shop.after_page = {2: meanwhile}
    project.copy(renew_seconds=0.05)
    assert refused
    assert project.ids() == list(range(1, 301))
    assert project.log("status") == [("success",)]


def test_a_run_that_was_only_silent_is_taken_over_and_nothing_comes_twice(project, shop):
    """The first process stops for long enough to count as dead, and wakes up when another has finished its
    run."""
    shop.items["sales"] = sales(1, 300)
    shop.after_page = {2: lambda: project.copy()}
    with pytest.raises(LeaseLost):
        project.copy(renew_seconds=NEVER)
    assert project.ids() == list(range(1, 301))
    assert project.log("status") == [("success",)]
    project.copy(start="301")  # the page that the first one wrote when it woke up is swept away
    assert project.left() == [] and project.failed() == []
    assert project.ids() == list(range(1, 301))
