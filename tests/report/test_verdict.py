"""The verdict as a sheet shows it: ops.verdict states it in its first row, and computes nothing."""

from datetime import UTC, datetime

from tests.report.nights import edits_of_a_person, fail_run, nothing_wrong, orphan_burst, quiet, source_down

REASON = "password authentication failed for user admin"


def rows(ops, *causes, nights=1):
    history = quiet(datetime.now(UTC))
    for cause in causes:
        cause(history)
    ops.load((history if nights == 1 else history.one_night_later()).rows)
    return ops.query("select * from ops.verdict order by position")


def test_a_night_without_a_finding_has_one_row_that_states_it(ops):
    [row] = rows(ops, nothing_wrong)
    [newest] = ops.query(
        "select max(finished_at) as run from ops.pipeline_log where started_at > '2000-01-01'"
    )
    ended = newest["run"]
    assert row["what"] == f"Nothing is wrong. The newest run ended on {ended:%Y-%m-%d at %H:%M} UTC."
    assert (row["position"], row["kind"], row["state"], row["since"]) == (0, "verdict", "good", None)


def test_each_finding_has_a_row_below_the_verdict(ops):
    verdict, *findings = rows(ops, source_down, edits_of_a_person, orphan_burst)
    assert (verdict["state"], verdict["what"].split(". ")[0]) == ("error", "3 findings")
    below = [(row["position"], row["kind"], row["subject"], row["state"]) for row in findings]
    assert below == [
        (1, "source", "retail/sales", "new"),
        (2, "orphans", "ods.sales_orphans", "new"),
        (3, "edits", "sheet daily_sales", "new"),
    ]
    causes = [row for row in ops.findings() if row["explained_by"] is None]
    same = ("kind", "subject", "state", "what", "since", "was", "now", "unit", "runbook")
    assert sorted([row[name] for name in same] for row in findings) == [
        [row[name] for name in same] for row in causes
    ]


def test_a_recovered_finding_is_not_wrong(ops):
    verdict, recovered = rows(ops, source_down, nights=2)
    assert verdict["what"].startswith("Nothing is wrong. 1 recovered. The newest run ended")
    assert (verdict["state"], recovered["state"]) == ("good", "recovered")


def test_without_any_run_the_verdict_is_an_error(ops):
    ops.load({table: [] for table in quiet(datetime.now(UTC), days=1).rows})
    verdict, silence = ops.query("select * from ops.verdict order by position")
    assert (verdict["state"], verdict["what"]) == ("error", "1 finding. No run of 31 days.")
    assert (silence["kind"], silence["state"]) == ("silence", "new")


def test_readers_see_no_error_text(ops):
    """Only engineers open the page, which has them."""

    def check_that_could_not_run(history):
        run = history.last_night("pipeline_log")[-1]["run_id"]
        fail_run(history, run, "dataform", REASON)
        for action in history.last_night("action_log", run_id=run)[:1]:
            action |= {"state": "failed", "kind": "check", "reason": REASON}

    below = rows(ops, check_that_could_not_run)
    assert REASON in str(ops.findings()) and REASON not in str(below)
    assert [row["what"] for row in below if row["kind"] == "check"] == ["could not run"]
