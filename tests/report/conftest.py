"""Fixtures only."""

from datetime import UTC, datetime

import pytest

from report.page import render_page
from tests.report.nights import edits_of_a_person, orphan_burst, quiet, source_down
from tests.report.pages import RUNBOOKS, read_night
from tests.report.warehouse import create_ops


@pytest.fixture(scope="module")
def ops(sandbox):
    """The tables and views of ops, empty."""
    return create_ops(sandbox.address)


@pytest.fixture(scope="module")
def history():
    """A year of hourly runs, and a night with three causes. Of now: in a later module it would be another night."""
    history = quiet(datetime.now(UTC), days=365)
    for table in ("action_log", "table_log", "day_log", "file_log", "step_log"):
        history.rows[table] = history.rows[table][-3000:]  # a month; the page reads a day of them
    for cause in (source_down, edits_of_a_person, orphan_burst):
        cause(history)
    return history


@pytest.fixture(scope="module")
def year(sandbox, history):
    """The tables of ops with these rows."""
    ops = create_ops(sandbox.address)
    ops.load(history.rows)
    return ops


@pytest.fixture(scope="module")
def night(year):
    return read_night(year)


@pytest.fixture(scope="module")
def page(night):
    return render_page(night, RUNBOOKS)
