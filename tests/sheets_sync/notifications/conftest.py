"""Fixtures only."""

from datetime import UTC, datetime, timedelta

import pytest

from sheets_sync.notifications.notification import Notification
from tests.fakes.mail_server import FakeMailServer
from tests.sheets_sync.notifications.fake_receiver import FakeReceiver


@pytest.fixture
def notice():
    return Notification(
        event="change",
        project="shop",
        export="daily_sales",
        run_id="run_1",
        at="2026-11-21T12:00:00+00:00",
        place="tab 'Daily sales'",
        link="https://docs.google.com/spreadsheets/d/abc/edit#gid=7",
        rows=30,
        counts={"inserted": 2, "updated": 1, "deleted": 0},
        examples=("2017-01-01: revenue 12.50, was 12.00",),
    )


@pytest.fixture
def clock():
    """Each call is one second later."""
    moments = (datetime(2026, 11, 21, tzinfo=UTC) + timedelta(seconds=n) for n in range(10_000))
    return lambda: next(moments)


@pytest.fixture
def mail_server():
    with FakeMailServer() as mail_server:
        yield mail_server


@pytest.fixture
def receiver():
    with FakeReceiver() as receiver:
        yield receiver
