"""ops.notice_log in the warehouse."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from sheets_sync.errors import WarehouseError
from sheets_sync.notices import log
from sheets_sync.notices.log import TRIED_FOR, Log
from sheets_sync.notices.notice import Delivery, Target
from sheets_sync.warehouse import Warehouse

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
HOOK = Target("webhook", "https://user:pass@hooks.example.com/services/token?key=1")


def test_what_is_written_down_is_read_again(cloud, notice):
    told = Delivery(replace(notice, export="one"), HOOK)
    rows = [log.row(told, "due", NOW), log.row(told, "failed", NOW + timedelta(seconds=1), "It said no.")]
    pages = Log(Warehouse(cloud.bigquery))
    pages.write(rows)
    pages.write(rows)  # a second time, as after a lost answer
    assert pages.read("one", NOW) == rows
    assert log.pending(rows, [HOOK], NOW) == [told]
    assert rows[0].target == "https://hooks.example.com"
    assert pages.read("two", NOW) == []


def test_incidents_are_remembered_for_ever_and_changes_while_they_are_tried(cloud, notice):
    pages = Log(Warehouse(cloud.bigquery))
    change = Delivery(replace(notice, export="three"), HOOK)
    failure = replace(notice, export="three", event="failure")
    pages.write([log.row(change, "due", NOW), log.untold(failure, NOW)])
    [kept] = pages.read("three", NOW + TRIED_FOR + timedelta(days=300))
    assert (kept.event, kept.state, log.incident([kept])) == ("failure", "untold", "failure")


def test_without_the_table_nobody_is_told(cloud, notice):
    pages = Log(Warehouse(cloud.bigquery), "ops.nothing")
    with pytest.raises(WarehouseError, match=r"ops\.nothing could not be read"):
        pages.read("one", NOW)
    with pytest.raises(WarehouseError, match=r"ops\.nothing could not be written"):
        pages.write([log.untold(notice, NOW)])
