"""Faults of the source: received rows are in raw, missing ones are requested again."""

import pytest

from connector.errors import IncompleteRun, RequestRejected
from tests.connector.project import sale, sales
from tests.fakes.retail_api import Fault


def test_transient_503_responses_lose_no_row(project, shop):
    shop.items["sales"] = sales(1, 250 * 40)
    shop.faults = [Fault(page=page, times=1 + page % 2, status=503) for page in range(1, 41, 5)]
    project.copy()
    assert project.ids() == list(range(1, 10001))
    assert project.remaining() == []


def test_a_429_response_is_retried_after_the_requested_delay(project, shop):
    shop.items["sales"] = sales(1, 600)
    shop.faults = [Fault(times=2, status=429, headers={"Retry-After": "1"})]
    project.copy()
    assert project.ids() == list(range(1, 601))


def test_a_wrong_key_leaves_only_a_row_in_the_run_log(project, shop):
    with pytest.raises(RequestRejected, match="returned 401"):
        project.copy(key="wrong")
    assert project.remaining() == []
    [(status, error)] = project.log("status, error")
    assert status == "failed" and "401" in error
    assert project.ids() == []


def test_a_run_that_an_outage_interrupted_resumes_at_its_page(interrupted, shop):
    project = interrupted
    assert project.ids() == []
    assert "sales/run.json" in project.remaining()
    shop.items["sales"] += sales(7501, 7600)  # newer than the window of the resumed run
    shop.pages.clear()
    project.copy()
    assert project.ids() == list(range(1, 7501))
    assert set(shop.pages) == set(range(10, 32))  # 31: page 30 was full; 1 to 9 are there already
    assert project.log("status") == [("failed",), ("success",)]
    assert len(set(project.log("run_id"))) == 1
    assert project.remaining() == []


def test_missing_items_are_noticed_and_requested_again(project, shop):
    shop.items["sales"] = sales(1, 600)
    shop.faults = [Fault(page=2, times=1, change={"items": sales(251, 499), "total_items": 600})]
    with pytest.raises(IncompleteRun, match="announced 600 items and returned 599"):
        project.copy()
    assert len(project.ids()) == 599  # received items are in raw
    project.copy()
    assert project.log("status, window_from") == [("incomplete", 1), ("success", 1)]
    assert set(project.ids()) == set(range(1, 601))


def test_a_page_that_stays_invalid_does_not_stop_the_others(project, shop):
    shop.items["sales"] = sales(1, 600)
    shop.faults = [Fault(page=2, times=3, body=b"<html>")]
    with pytest.raises(IncompleteRun, match="page=2.*no items at 'items'"):
        project.copy()
    assert set(project.ids()) == {*range(1, 251), *range(501, 601)}
    project.copy()
    assert set(project.ids()) == set(range(1, 601))


def test_items_that_are_not_objects_become_rows_without_a_key(project, shop):
    shop.items["sales"] = [sale(1), 42, None, {"datetime": "a sale without id"}, sale(2, datetime="never")]
    project.copy()
    assert sorted(project.ids(), key=lambda i: (i is None, i)) == [1, 2, None, None, None]
    assert project.rows("SELECT datetime FROM raw.sales WHERE id = '2'") == [("never",)]
    [(notes,)] = project.log("notes")
    assert "SYS_ITEM" in notes


@pytest.mark.parametrize("status", [403, 451])
def test_a_page_that_may_never_be_read_does_not_stop_the_others(project, shop, status):
    """A firewall that rejects one page by its content."""
    shop.items["sales"] = sales(1, 1000)
    shop.faults = [Fault(page=2, times=1000, status=status)]
    for _ in range(2):
        with pytest.raises(IncompleteRun, match=f"returned {status}"):
            project.copy()
        assert set(project.ids()) == {*range(1, 251), *range(501, 1001)}
    shop.faults = []
    shop.pages.clear()
    project.copy()
    assert set(project.ids()) == set(range(1, 1001))
    statuses = [status for (status,) in project.log("status")]
    assert statuses[-1] == "success" and "failed" not in statuses


def test_a_key_without_rights_reads_no_page_after_the_first(project, shop):
    shop.items["sales"] = sales(1, 1000)
    shop.faults = [Fault(times=1000, status=403)]
    with pytest.raises(RequestRejected, match="returned 403"):
        project.copy()
    assert (project.ids(), project.remaining(), set(shop.pages)) == ([], [], {1})


def test_a_key_that_loses_its_rights_ends_the_run_and_the_next_one_resumes(project, shop):
    shop.items["sales"] = sales(1, 250 * 60)
    shop.faults = [Fault(page=page, times=1000, status=403) for page in range(5, 61)]
    with pytest.raises(RequestRejected, match="returned 403"):
        project.copy()
    assert project.ids() == []
    shop.faults = []
    project.copy()
    assert project.ids() == list(range(1, 250 * 60 + 1))
    assert project.log("status") == [("failed",), ("success",)]
