"""The verdict: what the view ops.last_night reports of a month of runs and a night with one cause."""

from datetime import UTC, datetime

import pytest

from tests.report.nights import NIGHTS, quiet


def verdict(ops):
    """Findings that are not consequences of others, as (kind, subject, state)."""
    return [
        (row["kind"], row["subject"], row["state"]) for row in ops.findings() if row["explained_by"] is None
    ]


@pytest.mark.parametrize("night", NIGHTS, ids=lambda night: night.__name__)
def test_the_verdict_names_the_cause_once_and_recovers(ops, night):
    history = quiet(datetime.now(UTC))
    night(history)
    ops.load(history.rows)
    cause = NIGHTS[night]
    assert verdict(ops) == ([(*cause, "new")] if cause else [])
    ops.load(history.one_night_later().rows)
    assert verdict(ops) == ([(*cause, "recovered")] if cause else [])
