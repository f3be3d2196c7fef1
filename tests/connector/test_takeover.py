"""Two simultaneous runs of an endpoint."""

import time

import pytest

from runtime.errors import LeaseHeld, LeaseLost
from tests.connector.project import sales

NEVER = 1000.0  # seconds between renewals: the process looks dead
LEASE = "sales/run.json"


def test_a_second_run_exits_with_the_reason(project, shop):
    shop.items["sales"] = sales(1, 300)
    rejected = []

    def sleep_until_renewed(seconds):
        """However late a busy machine starts the thread that renews."""
        generation, deadline = project.bucket.generation(LEASE), time.monotonic() + 60
        while project.bucket.generation(LEASE) == generation:
            assert time.monotonic() < deadline
            time.sleep(0.01)

    def meanwhile():
        with pytest.raises(LeaseHeld, match="holds the lease gs://.*sales/run.json") as raised:
            project.copy(sleep=sleep_until_renewed)
        rejected.append(raised)

    shop.after_page = {2: meanwhile}
    project.copy(renew_seconds=0.05)
    assert rejected
    assert project.ids() == list(range(1, 301))
    assert project.log("status") == [("success",)]


def test_a_paused_run_is_taken_over_and_no_row_is_duplicated(project, shop):
    """The first process pauses for long enough to count as dead, and continues when another has finished its run."""
    shop.items["sales"] = sales(1, 300)
    shop.after_page = {2: lambda: project.copy()}
    with pytest.raises(LeaseLost):
        project.copy(renew_seconds=NEVER)
    assert project.ids() == list(range(1, 301))
    assert project.log("status") == [("success",)]
    project.copy(start="301")  # the page that the first process wrote after its pause is moved away
    assert project.remaining() == [] and project.failed() == []
    assert project.ids() == list(range(1, 301))
