"""A request whose answer was lost is sent again, so each row of a log may be stored twice: it counts once."""

from datetime import UTC, datetime

import pytest

from tests.report.nights import History, new_field, one_bad_file, quiet
from tests.report.pages import read_night
from tests.report.warehouse import create_ops

pytestmark = pytest.mark.timeout(900)


@pytest.fixture
def history():
    """Two days with a field that changed, a file that was rejected and a notice that was not delivered."""
    history: History = quiet(datetime.now(UTC), days=2)
    new_field(history)
    one_bad_file(history)
    history.add(
        "notice_log", run_id="r", export="daily_sales", event="failure", state="failed", delivery="d",
        channel="mail", target="a@example.com", notice=None, error="550",
        logged_at=history.last_night("pipeline_log")[5]["finished_at"],
    )  # fmt: skip
    return history


def test_rows_that_are_stored_twice_count_once(sandbox, history):
    ops = create_ops(sandbox.address)
    ops.load(history.rows)
    once = read_night(ops)
    # Of ops.costs no row is stored twice: the scheduled query replaces a day.
    ops.load({table: [*rows, *rows] for table, rows in history.rows.items() if table != "costs"})
    twice = read_night(ops)
    assert once["files"] and once["drift"] and once["notices"] and twice.problems == []
    for query, rows in once.rows.items():
        if query not in ("findings", "measures"):
            assert twice[query] == rows, query
    assert [(row["kind"], row["state"], row["now"]) for row in twice["findings"] if row["kind"] != "gap"] == [
        (row["kind"], row["state"], row["now"]) for row in once["findings"] if row["kind"] != "gap"
    ]
