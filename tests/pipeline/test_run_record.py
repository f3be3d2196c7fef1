"""What a run leaves in ops equals what it did, each new finding is one log line, and nothing here fails a run."""

import io
import json
import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
import requests
from google.api_core.exceptions import ServiceUnavailable
from google.cloud import bigquery

from pipeline.run_record import NEWS_SCRIPT, RECORD_SCRIPT, ActionRow, RunRecord, RunRow, StepRow
from runtime.structured_log import StructuredLog
from tests.report.warehouse import create_ops

TABLES = """
create table ods.sales (id int64, datetime timestamp) partition by date(datetime) options(require_partition_filter = true);
create table ods.sales_days (id int64) partition by range_bucket(id, generate_array(0, 900000000, 100000));
create table ods.sales_orphans (id string, datetime timestamp) partition by date(datetime);
create table ods.sales_rejects (reason string, file_day date) partition by file_day options(require_partition_filter = true);
create table ods.products_rejects (reason string, file_day date) partition by file_day;
create table dmt.sales_items (id string, sales_datetime timestamp) partition by date(sales_datetime);
"""  # noqa: E501
YEAR = (
    "insert into dmt.sales_items select cast(n as string), timestamp_add(timestamp '2016-01-01', interval n day)"
    " from unnest(generate_array(0, 364)) as n, unnest(generate_array(1, 20)) as line"
)
BAD_DAY = (
    "insert into ods.sales_orphans select cast(n as string), timestamp '2016-03-01'"
    " from unnest(generate_array(1, 60)) as n"
)
ACTIONS = [
    ActionRow("ods.sales", "table", "succeeded", 4.5, None, None),
    ActionRow("assertions.sales_keys", "check", "failed", None, 3, "query returned 3 row(s)."),
]


class BigQuery:
    """pipeline.assembly.BigQuery for the sandbox. Counts its calls."""

    def __init__(self, client):
        self.client, self.calls = client, 0

    def run_script(self, sql, parameters):
        self.calls += 1
        values = [bigquery.ScalarQueryParameter(name, "STRING", value) for name, value in parameters.items()]
        config = bigquery.QueryJobConfig(query_parameters=values)
        return [dict(row.items()) for row in self.client.query_and_wait(sql, job_config=config)]


@pytest.fixture
def ops(sandbox):
    """A new project with the tables of ops, and those of Dataform with a year of sale lines."""
    ops = create_ops(sandbox.address)
    for dataset in ("ods", "dmt"):
        ops.client.create_dataset(dataset)
    ops.query(TABLES)
    ops.query(YEAR)
    return ops


def run_row(run_id="run-1", state="succeeded", **other):
    now = datetime.now(UTC)
    steps = [
        StepRow("dataform", state, now - timedelta(seconds=1), 2.5, None if state == "succeeded" else "x")
    ]
    error = None if state == "succeeded" else "hourly failed in dataform."
    return RunRow(run_id, "hourly", now - timedelta(minutes=1), now, state, steps, error)


def write(connect, run, actions=()):
    """The log lines of the record, decoded."""
    stream = io.StringIO()
    record = RunRecord(connect, StructuredLog(stream))
    record.add_actions("release-1", actions)
    record.write(run)
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def since_now(run):
    """The same run, whose Dataform step begins now: what was written before is not its work."""
    step = replace(run.steps[0], started_at=datetime.now(UTC))
    return replace(run, steps=[step])


def test_a_run_its_steps_and_its_actions_become_rows(ops):
    big_query = BigQuery(ops.client)
    run = run_row(state="failed")
    write(lambda: big_query, run, ACTIONS)
    [row] = ops.query("select * from ops.pipeline_log where started_at > '2020-01-01'")
    assert row == {
        "run_id": "run-1", "schedule": "hourly", "started_at": run.started_at, "finished_at": run.finished_at,
        "state": "failed", "steps": 1, "release": "release-1", "error": "hourly failed in dataform.",
    }  # fmt: skip
    [step] = ops.query("select * from ops.step_log where started_at > '2020-01-01'")
    assert (step["step"], step["state"], step["seconds"], step["reason"]) == ("dataform", "failed", 2.5, "x")
    actions = ops.query(
        "select action, kind, state, seconds, bad_rows, reason from ops.action_log"
        " where logged_at > '2020-01-01' order by action desc"
    )
    assert actions == [vars(action) for action in ACTIONS]
    assert big_query.calls == 2


def test_only_the_days_that_the_run_wrote_count(ops):
    """A whole day of orphans behind a year of lines: the rate of that day is 1 minus nothing of the history."""
    run = since_now(run_row())
    ops.query(BAD_DAY)
    ops.query("delete from dmt.sales_items where date(sales_datetime) = '2016-03-01'")
    [measured, finding] = write(lambda: BigQuery(ops.client), run)
    assert (measured["orphans"], measured["orphan_rate"]) == (60, 1.0)
    days = ops.query("select day, `rows`, bad_rows from ops.day_log where logged_at > '2020-01-01'")
    assert [(str(row["day"]), row["rows"], row["bad_rows"]) for row in days] == [("2016-03-01", 60, 60)]
    assert (finding["finding"], finding["state"], finding["severity"]) == ("orphans", "new", "WARNING")
    # Over all lines the rate would be below any limit: 60 of 7,340.
    [total] = ops.query("select count(*) as lines from dmt.sales_items")
    assert 60 / (60 + total["lines"]) < 0.01


def test_sizes_of_tables_are_those_of_the_tables(ops):
    write(lambda: BigQuery(ops.client), run_row())
    sizes = ops.query("select table_name, `rows` from ops.table_log where logged_at > '2020-01-01'")
    assert {row["table_name"]: row["rows"] for row in sizes} == {
        "dmt.sales_items": 7300, "ods.sales_days": 0,
    }  # fmt: skip


@pytest.mark.parametrize("reported", [1, 60])
def test_a_finding_is_reported_once_and_its_recovery_once(ops, reported):
    """Three runs of one night with the same rejected row, and the first run after the last bad night.

    It was reported on that night, or two months before.
    """
    run = since_now(run_row())
    ops.query("insert into ods.sales_rejects values ('no id', current_date()), ('no time', null)")
    [measured, first] = write(lambda: BigQuery(ops.client), run)
    assert measured["rejects"] == 1  # a row without a day belongs to no day
    assert first["message"] == "new: ods.sales_rejects has rejected rows (1 row)"
    later_runs = [write(lambda: BigQuery(ops.client), since_now(run_row(f"run-{n}"))) for n in (2, 3)]
    assert [len(lines) for lines in later_runs] == [1, 1]
    for table, days in (("day_log", 1), ("finding_log", reported)):
        ops.query(
            f"update ops.{table} set logged_at = timestamp_sub(logged_at, interval {days * 24 + 1} hour) "
            "where logged_at > '2020-01-01'"
        )
    [_, recovered] = write(lambda: BigQuery(ops.client), since_now(run_row("run-4")))
    assert (recovered["state"], recovered["severity"]) == ("recovered", "INFO")
    assert len(write(lambda: BigQuery(ops.client), since_now(run_row("run-5")))) == 1


def test_rejects_of_a_table_without_partitions_count_for_the_day_of_the_run(ops):
    """Such a table is written again as a whole, for example from a sheet that people edit."""
    run = since_now(run_row())
    ops.query("create table ods.decisions_rejects (reason string)")
    write(lambda: BigQuery(ops.client), run)
    assert ops.query("select * from ops.day_log where logged_at > '2020-01-01'") == []
    run = since_now(run_row("run-2"))
    ops.query("create or replace table ods.decisions_rejects as select 'no amount' as reason")
    [measured, finding] = write(lambda: BigQuery(ops.client), run)
    assert measured["rejects"] == 1
    assert finding["message"] == "new: ods.decisions_rejects has rejected rows (1 row)"
    [row] = ops.query("select day, bad_rows from ops.day_log where logged_at > '2020-01-01'")
    assert (row["day"], row["bad_rows"]) == (run.started_at.date(), 1)


def test_rejects_in_partitions_of_months_count_for_the_day_that_added_them(ops):
    """As the warehouse creates them: BigQuery names such a partition 202601."""
    ops.query("drop table ods.sales_rejects")
    ops.query(
        "create table ods.sales_rejects (reason string, file_day date) partition by date_trunc(file_day, month)"
    )
    months = "date '2016-12-31', date '2017-01-01', date '1970-01-01'"
    ops.query(f"insert into ods.sales_rejects select 'no id', day from unnest([{months}]) as day")
    [partition] = ops.query(
        "select string_agg(partition_id, ' ' order by partition_id) as names "
        "from ods.INFORMATION_SCHEMA.PARTITIONS where table_name = 'sales_rejects'"
    )
    assert partition["names"] == "197001 201612 201701"
    run = since_now(run_row())
    ops.query("insert into ods.sales_rejects values ('no time', date '2017-01-02')")
    [measured, finding] = write(lambda: BigQuery(ops.client), run)
    assert (measured["rejects"], finding["finding"]) == (4, "rejects")
    # After a pause of three months only what the day adds counts.
    ops.query(
        "update ops.table_log set logged_at = timestamp_sub(logged_at, interval 90 day) where logged_at > '2020-01-01'"
    )
    run = since_now(run_row("run-2"))
    ops.query("insert into ods.sales_rejects values ('no time', date '2017-01-02')")
    assert write(lambda: BigQuery(ops.client), run)[0]["rejects"] == 1
    run = since_now(run_row("run-3"))
    ops.query("insert into ods.sales_rejects values ('no time', date '2017-01-02')")
    assert write(lambda: BigQuery(ops.client), run)[0]["rejects"] == 2


def test_an_empty_warehouse_has_no_orphans_and_no_rejects(sandbox):
    ops = create_ops(sandbox.address)
    for dataset in ("ods", "dmt"):
        ops.client.create_dataset(dataset)
    [line] = write(lambda: BigQuery(ops.client), run_row())
    assert (line["orphans"], line["orphan_rate"], line["rejects"]) == (0, 0.0, 0)
    assert "age_minutes" not in line


@pytest.mark.parametrize("broken", ["drop table ops.step_log", "drop view ops.last_night"])
def test_a_missing_table_is_a_warning(ops, broken):
    ops.query(broken)
    line = write(lambda: BigQuery(ops.client), run_row())[-1]
    assert (line["severity"], line["measurement"]) == ("WARNING", "failed")


def test_a_run_is_there_as_a_whole_or_not_at_all(ops):
    ops.query("drop table ops.day_log")  # the last INSERT of the script fails
    write(lambda: BigQuery(ops.client), run_row())
    assert ops.query("select * from ops.pipeline_log where started_at > '2020-01-01'") == []


def test_only_metadata_is_read():
    """__TABLES__ requires bigquery.tables.getData, which roles/bigquery.metadataViewer does not have."""
    assert "__TABLES__" not in RECORD_SCRIPT
    read = set(re.findall(r"(?:FROM|JOIN|INTO) (\w+\.\w+(?:\.\w+)?)", RECORD_SCRIPT + NEWS_SCRIPT))
    outside = {name for name in read if not name.startswith("ops.")}
    assert outside == {f"{dataset}.INFORMATION_SCHEMA.PARTITIONS" for dataset in ("ods", "dmt")}


@pytest.mark.parametrize(
    ("error", "text"),
    [
        (ServiceUnavailable("not today"), "not today"),
        (requests.ConnectionError("reset"), "reset"),
        (TimeoutError(), "TimeoutError"),  # of a query that takes longer than its limit
    ],
)
def test_an_unavailable_warehouse_is_a_warning(error, text):
    class Unavailable:
        def run_script(self, sql, parameters):
            raise error

    [line] = write(Unavailable, run_row())
    assert line["severity"] == "WARNING" and text in line["message"]
    assert "orphan_rate" not in line
    assert line["measurement"] == "failed"  # counted by the alert measurement-failed
