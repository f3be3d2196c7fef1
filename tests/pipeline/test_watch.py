"""Which runs judge a release, what makes it bad, and when it is accepted: rows in ops, and what is started."""

import io
import json
from datetime import UTC, datetime, timedelta

import pytest
import requests
from google.api_core.exceptions import ServiceUnavailable

from pipeline.errors import Unavailable
from pipeline.run_record import ActionRow, RunRow, StepRow
from pipeline.watch import Watch
from runtime.structured_log import StructuredLog
from tests.pipeline.test_run_record import BigQuery
from tests.report.warehouse import create_ops

SCHEMA = """
create table ods.sales (id int64, datetime timestamp) partition by date(datetime) options(require_partition_filter = true);
create table ods.sales_orphans (id int64, datetime timestamp) partition by date(datetime);
create table ods.sales_rejects (reason string, file_day date) partition by file_day;
create table ods.checkpoints (table_name string, written_at timestamp) partition by date(written_at);
create table dmt.sales_items (id int64, sales_datetime timestamp) partition by date(sales_datetime);
create table dmt.daily_stores (store int64, day date) partition by day;
"""  # noqa: E501
BAD_TABLE = ActionRow("ods.sales", "table", "failed", 1.0, None, "division by zero")
BAD_CHECK = ActionRow("assertions.sales_keys", "check", "failed", 1.0, 3, "query returned 3 row(s).")
GOOD = ActionRow("ods.sales", "table", "succeeded", 1.0, None, None)
DAY = 20  # of March 2016: the day that a run after the release writes


class Pipeline:
    """Runs that are recorded and then judged; `started` are the arguments of the job restore."""

    def __init__(self, ops, limit=2):
        self.ops, self.limit, self.started, self.number = ops, limit, [], 0

    def release(self, state="watching", name="r1", kind="rollout", reason=None):
        quoted = f"'{reason}'" if reason else "null"
        self.ops.query(
            "insert into ops.releases (`release`, state, kind, scope, images, moment, columns, schedules, reason, "
            f"actor, logged_at) values ('{name}', '{state}', '{kind}', 'all', '{{}}', current_timestamp(), "
            f"'{{}}', '[]', {quoted}, 'a', current_timestamp())"
        )

    def start(self, arguments):
        self.started.append(list(arguments))
        return "executions/restore-1"

    def run(
        self, *actions, source="succeeded", dataform="succeeded", started_at=None, connect=None, start=None
    ):
        """The log lines of one run with these facts."""
        self.number += 1
        now = datetime.now(UTC)
        steps = [
            StepRow("connector:retail/sales", source, started_at or now, 1.0, None),
            StepRow("dataform", dataform, started_at or now, 1.0, None),
        ]
        row = RunRow(f"run-{self.number}", "hourly", started_at or now, now, "succeeded", steps, None)
        stream = io.StringIO()
        log, client = StructuredLog(stream), BigQuery(self.ops.client)
        self.record(row)
        Watch(connect or (lambda: client), start or self.start, self.limit, log).judge(row, actions)
        return [json.loads(line) for line in stream.getvalue().splitlines()]

    def record(self, row):
        """Its steps, as pipeline/record.sql appends them."""
        values = ", ".join(
            f"('{row.run_id}', 'hourly', '{step.step}', '{step.state}', timestamp '{step.started_at}', 1.0)"
            for step in row.steps
        )
        columns = "run_id, schedule, step, state, started_at, seconds"
        self.ops.query(f"insert into ops.step_log ({columns}) values {values}")

    def state(self, name="r1"):
        rows = self.ops.query(
            f"select state, reason from ops.releases where logged_at > '2020-01-01' and `release` = '{name}' "
            "order by logged_at desc limit 1"
        )
        return rows[0]["state"], rows[0]["reason"]

    def days(self, first, last, sales=60, lines=3, orphans=0):
        """Sales with their lines on each day, and one row for each of two stores."""
        days = f"unnest(generate_array({first}, {last})) as day"
        time = "timestamp_add(timestamp '2016-03-01 10:00:00', interval day - 1 day)"
        for table, count in (
            ("ods.sales", sales),
            ("dmt.sales_items", sales * lines),
            ("ods.sales_orphans", orphans),
        ):
            self.ops.query(
                f"insert into {table} select n, {time} from {days}, unnest(generate_array(1, {count})) as n "
                f"where {count} > 0"
            )
        self.ops.query(
            f"insert into dmt.daily_stores select store, date({time}) from {days}, unnest([1, 2]) as store"
        )


@pytest.fixture(scope="module")
def usual(sandbox):
    """After ten usual days."""
    ops = create_ops(sandbox.address)
    for dataset in ("ods", "dmt"):
        ops.client.create_dataset(dataset)
    ops.query(SCHEMA)
    pipeline = Pipeline(ops)
    pipeline.days(DAY - 10, DAY - 1)
    return pipeline


@pytest.fixture
def pipeline(usual):
    """Without a release, a run, and the rows of DAY."""
    usual.ops.query(
        "truncate table ops.releases; truncate table ops.step_log; truncate table ods.sales_orphans;"
        f"delete from ods.sales where date(datetime) = '2016-03-{DAY}';"
        f"delete from dmt.sales_items where date(sales_datetime) = '2016-03-{DAY}';"
        f"delete from dmt.daily_stores where day = '2016-03-{DAY}'"
    )
    return Pipeline(usual.ops)


def test_without_a_release_nothing_is_judged(pipeline):
    assert pipeline.run(BAD_TABLE, dataform="failed") == []
    pipeline.release("accepted")
    assert pipeline.run(BAD_TABLE, dataform="failed") == []
    assert pipeline.started == []


def test_a_release_is_accepted_after_its_runs_and_not_judged_again(pipeline):
    pipeline.release()
    [first] = pipeline.run(GOOD)
    assert first["message"] == "r1 is watched: 1 of 2 runs were good" and pipeline.state() == (
        "watching",
        None,
    )
    [second] = pipeline.run(GOOD)
    assert second["watch"] == "accepted" and pipeline.state() == ("accepted", "2 runs after it were good")
    assert pipeline.run(BAD_TABLE, dataform="failed") == []
    assert pipeline.started == []


@pytest.mark.parametrize(
    ("action", "fault"),
    [
        (BAD_TABLE, "table ods.sales failed: division by zero"),
        (BAD_CHECK, "check assertions.sales_keys failed: query returned 3 row(s)."),
    ],
)
def test_a_failed_table_or_check_starts_the_rollback(pipeline, action, fault):
    pipeline.release()
    [line] = pipeline.run(GOOD, action, dataform="failed")
    assert pipeline.started == [["undo", "--release", "r1", "--reason", fault]]
    assert (line["severity"], line["watch"], line["subject"]) == ("ERROR", "rollback", "r1")
    assert line["message"] == f"r1 is rolled back: {fault}. Its log: executions/restore-1"


@pytest.mark.parametrize("action", [BAD_TABLE, BAD_CHECK, GOOD])
def test_a_failing_source_is_never_the_fault_of_a_release(pipeline, action):
    """Neither by what Dataform then does, nor by the rows of a day; and such a run does not count as good."""
    pipeline.release()
    pipeline.days(DAY, DAY, lines=9)
    [line] = pipeline.run(action, source="failed", dataform="failed" if action != GOOD else "succeeded")
    assert line["message"] == "r1 is not judged by this run: connector:retail/sales failed"
    assert (line["watch"], pipeline.started, pipeline.state()[0]) == ("skipped", [], "watching")


@pytest.mark.parametrize("dataform", ["failed", "not run"])
def test_dataform_that_could_not_run_is_not_the_fault_of_a_release(pipeline, dataform):
    """It was unavailable, cancelled, or not released: no action failed."""
    pipeline.release()
    [line] = pipeline.run(dataform=dataform)
    assert line["message"] == "r1 is watched: 0 of 2 runs were good" and pipeline.started == []


def test_a_run_that_began_before_the_release_does_not_judge_it(pipeline):
    earlier = datetime.now(UTC)
    pipeline.release()
    assert pipeline.run(BAD_TABLE, dataform="failed", started_at=earlier) == []
    [line] = pipeline.run(GOOD)
    assert line["message"].endswith("1 of 2 runs were good") and pipeline.started == []


@pytest.mark.parametrize(
    ("day", "fault"),
    [
        ({"lines": 6}, "dmt.sales_items has 360 rows on 2016-03-20, usual are 126 to 252"),
        ({"lines": 1}, "dmt.sales_items has 60 rows on 2016-03-20, usual are 126 to 252"),
        ({"lines": 0}, "dmt.sales_items has 0 rows on 2016-03-20, usual are 126 to 252"),
        ({"sales": 240, "lines": 6}, "dmt.sales_items has 1440 rows on 2016-03-20, usual are 504 to 1008"),
    ],
)
def test_a_day_outside_its_band_starts_the_rollback(pipeline, day, fault):
    pipeline.release()
    pipeline.days(DAY, DAY, **({"sales": 60} | day))
    [line] = pipeline.run(GOOD)
    [arguments] = pipeline.started
    assert fault in arguments[-1] and line["watch"] == "rollback"


@pytest.mark.parametrize(
    "day",
    [
        {"lines": 3},
        {"lines": 4},
        {"lines": 0, "orphans": 180},  # a late list: the lines wait
        {"sales": 20, "lines": 9},  # a share of few rows means nothing
        {"sales": 55, "lines": 3},  # the morning of a day
    ],
)
def test_a_usual_day_is_good(pipeline, day):
    pipeline.release()
    pipeline.days(DAY, DAY, **day)
    [line] = pipeline.run(GOOD)
    assert (line["watch"], pipeline.started) == ("good", [])


def test_a_day_that_the_release_did_not_write_is_not_judged(pipeline):
    pipeline.days(DAY, DAY, lines=9)
    pipeline.release()
    assert [line["watch"] for line in pipeline.run(GOOD)] == ["good"]


def test_four_times_the_sales_of_an_unusual_load_are_good(pipeline):
    """ops.measures explains them: no release makes a source send more."""
    night = [
        {
            "run_id": f"n{n}",
            "source": "retail",
            "endpoint": "sales",
            "status": "success",
            "rows_loaded": rows,
            "pages": 1,
            "files": 1,
            "bytes": 1,
        }
        | {
            name: str(datetime.now(UTC) - timedelta(hours=24 * n, minutes=5))
            for name in ("started_at", "finished_at")
        }
        for n, rows in [(0, 4000), *((n, 1000 + n) for n in range(1, 20))]
    ]
    pipeline.release()
    pipeline.days(DAY, DAY, sales=240)
    pipeline.ops.load({"run_log": night})
    assert pipeline.ops.query("select * from ops.measures where is_unusual and day_number = 0")
    assert [line["watch"] for line in pipeline.run(GOOD)] == ["good"]
    pipeline.ops.load({"run_log": []})
    assert [line["watch"] for line in pipeline.run(GOOD)] == ["rollback"]
    assert "ods.sales has 240 rows" in pipeline.started[0][-1]


def test_zero_runs_accept_a_release_unjudged(pipeline):
    pipeline.limit = 0
    pipeline.release()
    pipeline.run(BAD_TABLE, dataform="failed")
    assert pipeline.state() == ("accepted", "releases are not watched (WATCHED_RUNS is 0)")
    assert pipeline.started == []


def test_a_watch_ends_before_the_rollback_becomes_impossible(pipeline):
    pipeline.release()
    pipeline.ops.query(
        "update ops.releases set logged_at = timestamp_sub(logged_at, interval 73 hour) where logged_at > '2020-01-01'"
    )
    pipeline.run(dataform="not run")
    assert pipeline.state() == ("accepted", "only 0 of 2 runs judged it within 73 hours")


@pytest.mark.parametrize("state", ["rolled back", "kept", "rolling out", "accepted"])
def test_a_release_is_rolled_back_once(pipeline, state):
    """Neither again, nor what a person returned to, nor one that another process is changing."""
    pipeline.release()
    pipeline.release(state)
    pipeline.run(BAD_TABLE, dataform="failed")
    pipeline.release("accepted", "r2", "rollback", reason="automatic: bad")
    pipeline.release("rolling out", "r3", "rollback", reason="a person does it")
    pipeline.run(BAD_TABLE, dataform="failed")
    assert pipeline.started == []


def test_a_rollback_whose_process_was_killed_is_started_again(pipeline):
    pipeline.release("rolling out", "r2", "rollback", reason="automatic: bad")
    [line] = pipeline.run(GOOD)
    assert pipeline.started == [["undo", "--unfinished"]]
    assert "r2 has not ended: its process was killed" in line["message"]


def test_a_watch_that_fails_is_a_warning(pipeline):
    def unavailable(arguments):
        raise Unavailable("could not start job restore: 503")

    def unreachable():
        raise ServiceUnavailable("not today")

    def disconnected():
        raise requests.ConnectionError("reset")

    pipeline.release()
    for broken in ({"start": unavailable}, {"connect": unreachable}, {"connect": disconnected}):
        [line] = pipeline.run(BAD_TABLE, dataform="failed", **broken)
        assert (line["severity"], line["watch"]) == ("WARNING", "failed")
    assert pipeline.state()[0] == "watching"


def test_too_few_days_have_no_band(pipeline):
    """The last test, because it deletes them."""
    pipeline.ops.query("delete from ods.sales where date(datetime) < '2016-03-14'")
    pipeline.release()
    pipeline.days(DAY, DAY, lines=9)
    assert [line["watch"] for line in pipeline.run(GOOD)] == ["good"]
