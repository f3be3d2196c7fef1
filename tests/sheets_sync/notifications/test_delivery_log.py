"""ops.notice_log in the warehouse."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from runtime.notice_log import RETRY_PERIOD
from sheets_sync.errors import WarehouseError
from sheets_sync.notifications.delivery_log import (
    DeliveryLog,
    delivery_row,
    find_pending,
    last_incident,
    suppressed_row,
)
from sheets_sync.notifications.notification import Delivery, Target
from sheets_sync.warehouse import Warehouse

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
HOOK = Target("webhook", "https://user:pass@hooks.example.com/services/token?key=1")


def test_what_is_written_down_is_read_again(cloud, notice):
    reported = Delivery(replace(notice, export="one"), HOOK)
    rows = [
        delivery_row(reported, "due", NOW),
        delivery_row(reported, "failed", NOW + timedelta(seconds=1), "Rejected."),
    ]
    pages = DeliveryLog(Warehouse(cloud.bigquery))
    pages.append_rows(rows)
    pages.append_rows(rows)  # a second time, as after a lost answer
    assert pages.read_rows("one", NOW) == rows
    assert find_pending(rows, [HOOK], NOW) == [reported]
    assert rows[0].target == "https://hooks.example.com"
    assert pages.read_rows("two", NOW) == []


def test_incidents_are_remembered_for_ever_and_changes_while_they_are_tried(cloud, notice):
    pages = DeliveryLog(Warehouse(cloud.bigquery))
    change = Delivery(replace(notice, export="three"), HOOK)
    failure = replace(notice, export="three", event="failure")
    pages.append_rows([delivery_row(change, "due", NOW), suppressed_row(failure, NOW)])
    [remaining] = pages.read_rows("three", NOW + RETRY_PERIOD + timedelta(days=300))
    assert (remaining.event, remaining.state, last_incident([remaining])) == ("failure", "untold", "failure")


def test_without_the_table_nothing_is_sent(cloud, notice):
    pages = DeliveryLog(Warehouse(cloud.bigquery), "ops.nothing")
    with pytest.raises(WarehouseError, match=r"ops\.nothing could not be read"):
        pages.read_rows("one", NOW)
    with pytest.raises(WarehouseError, match=r"ops\.nothing could not be written"):
        pages.append_rows([suppressed_row(notice, NOW)])
