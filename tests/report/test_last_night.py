"""The verdict: what the view ops.last_night reports of a month of runs and a night with one cause."""

from datetime import UTC, datetime, timedelta

import pytest

from tests.report.nights import NIGHTS, fail_run, half_a_load, quiet, source_down


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


def test_a_source_that_stays_down_is_known_and_then_worse(ops):
    """Three failed loads on both nights, and then six more of them."""
    history = quiet(datetime.now(UTC))
    source_down(history)
    history = history.one_night_later()
    source_down(history)
    ops.load(history.rows)
    assert verdict(ops) == [("source", "retail/sales", "known")]
    for row in history.last_night("run_log", endpoint="sales")[:6]:
        row |= {"status": "failed", "error": "503 Service Unavailable"}
    ops.load({"run_log": history.rows["run_log"]})
    [source] = [row for row in ops.findings() if row["kind"] == "source"]
    assert (source["state"], source["was"], source["now"]) == ("worse", 3, 9)


def test_a_consequence_that_outlives_its_cause_is_still_one(ops):
    """The source was down 25 to 27 hours ago; the load after it, which came late, is of last night."""
    history = quiet(datetime.now(UTC))
    began = (history.now - timedelta(hours=24)).isoformat()
    before = [
        row for row in history.rows["run_log"] if row["endpoint"] == "sales" and row["started_at"] < began
    ]
    for row in before[-3:]:
        row |= {"status": "failed", "rows_loaded": 0, "files": 0, "error": "503 Service Unavailable"}
        fail_run(history, row["run_id"].removesuffix("-sales"), "connector:retail/sales", "503")
    ops.load(history.rows)
    assert verdict(ops) == [("source", "retail/sales", "recovered")]
    [gap] = [row for row in ops.findings() if row["kind"] == "gap"]
    assert (gap["state"], gap["explained_by"]) == ("new", "source retail/sales")


def test_a_source_does_not_explain_another_whose_name_ends_alike(ops):
    history = quiet(datetime.now(UTC))
    source_down(history)
    steps = [row for row in history.last_night("step_log") if row["state"] == "failed"]
    history.rows["step_log"].append(steps[0] | {"step": "connector:webretail/sales"})
    ops.load({table: history.rows[table] for table in history.rows})
    assert verdict(ops) == [
        ("source", "retail/sales", "new"),
        ("step", "connector:webretail/sales", "new"),
    ]


def test_five_days_are_too_young_to_say(ops):
    """Half a load after five days has no verdict: what is usual is unknown."""
    history = quiet(datetime.now(UTC), days=6)
    half_a_load(history)
    ops.load(history.rows)
    assert verdict(ops) == []
    measures = ops.query("select points, usual, is_unusual from ops.measures where kind = 'night volume'")
    assert measures and {(row["usual"], row["is_unusual"]) for row in measures} == {(None, False)}
    assert max(row["points"] for row in measures) < 7
