"""The source misbehaves: what came is in raw, and what did not is asked for again."""

import pytest

from connector.errors import IncompleteRun, RequestRejected
from tests.connector.project import sale, sales
from tests.fakes.retail_api import Fault


def test_ten_per_cent_of_answers_are_503(project, shop):
    shop.items["sales"] = sales(1, 250 * 40)
    shop.faults = [Fault(page=page, times=1 + page % 2, status=503) for page in range(1, 41, 5)]
    project.copy()
    assert project.ids() == list(range(1, 10001))
    assert project.left() == []


def test_too_many_requests_are_waited_for(project, shop):
    shop.items["sales"] = sales(1, 600)
    shop.faults = [Fault(times=2, status=429, headers={"Retry-After": "1"})]
    project.copy()
    assert project.ids() == list(range(1, 601))


def test_a_wrong_key_leaves_nothing_but_a_line_in_the_log(project, shop):
    with pytest.raises(RequestRejected, match="returned 401"):
        project.copy(key="wrong")
    assert project.left() == []
    [(status, error)] = project.log("status, error")
    assert status == "failed" and "401" in error
    assert project.ids() == []


def test_a_source_that_goes_away_is_resumed_at_the_page(interrupted, shop):
    project = interrupted
    assert project.ids() == []
    assert "sales/run.json" in project.left()
    shop.items["sales"] += sales(7501, 7600)  # newer than the window of the run that goes on
    shop.pages.clear()
    project.copy()
    assert project.ids() == list(range(1, 7501))
    assert set(shop.pages) == set(range(10, 32))  # 31: page 30 was full; 1 to 9 are there already
    assert project.log("status") == [("failed",), ("success",)]
    assert len(set(project.log("run_id"))) == 1
    assert project.left() == []


def test_items_that_never_came_are_missed_and_asked_for_again(project, shop):
    shop.items["sales"] = sales(1, 600)
    shop.faults = [Fault(page=2, times=1, change={"items": sales(251, 499), "total_items": 600})]
    with pytest.raises(IncompleteRun, match="announced 600 items and returned 599"):
        project.copy()
    assert len(project.ids()) == 599  # what came is in raw
    project.copy()
    assert project.log("status, window_from") == [("incomplete", 1), ("success", 1)]
    assert set(project.ids()) == set(range(1, 601))


def test_a_page_that_stays_garbled_keeps_the_others_from_nothing(project, shop):
    shop.items["sales"] = sales(1, 600)
    shop.faults = [Fault(page=2, times=3, body=b"<html>")]
    with pytest.raises(IncompleteRun, match="page=2.*no items at 'items'"):
        project.copy()
    assert set(project.ids()) == {*range(1, 251), *range(501, 601)}
    project.copy()
    assert set(project.ids()) == set(range(1, 601))


def test_items_that_are_no_rows_are_quarantined_rows(project, shop):
    shop.items["sales"] = [sale(1), 42, None, {"datetime": "a sale without id"}, sale(2, datetime="never")]
    project.copy()
    assert sorted(project.ids(), key=lambda i: (i is None, i)) == [1, 2, None, None, None]
    assert project.rows("SELECT datetime FROM raw.sales WHERE id = '2'") == [("never",)]
    [(notes,)] = project.log("notes")
    assert "SYS_ITEM" in notes
