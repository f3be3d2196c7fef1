"""The declared export of ops.verdict: readers of a sheet see the verdict about last night."""

from functools import partial

import pytest

from sheets_sync import exports
from sheets_sync.errors import ExportError
from sheets_sync.export_parser import parse_export
from tests.sheets_sync.run_command import log_lines, run_command

COLUMNS = exports.load_export("last_night").names
CAST = {"position": "INT64", "since": "TIMESTAMP", "was": "FLOAT64", "now": "FLOAT64", "usual": "FLOAT64"}
VERDICT = {"position": "0", "kind": "'verdict'", "subject": "'last night'"}
GOOD = VERDICT | {"state": "'good'", "what": "'Nothing is wrong.'"}
BAD = VERDICT | {"state": "'error'", "what": "'4 findings.'"}


@pytest.fixture
def start(cloud, person):
    return partial(run_command, cloud, LAST_NIGHT_SPREADSHEET=person.id, DAILY_SALES_SPREADSHEET=person.id)


def finding(number):
    return {
        "position": f"{number}",
        "kind": "'source'",
        "subject": f"'shop/{number}'",
        "now": "3",
        "unit": "'loads'",
    }


def show(cloud, *rows):
    """The view has these rows, of SQL by column."""

    def typed(row, name):
        return f"CAST({row.get(name, 'NULL')} AS {CAST.get(name, 'STRING')}) AS {name}"

    selects = ["SELECT " + ", ".join(typed(row, name) for name in COLUMNS) for row in rows]
    cloud.bigquery.query_and_wait(f"CREATE OR REPLACE VIEW ops.verdict AS {' UNION ALL '.join(selects)}")


def test_findings_that_end_all_at_once_leave_the_tab(start, cloud, person):
    """Most rows of a bad night disappear on the next: the row loss guard of a mart would reject that."""
    show(cloud, BAD, *(finding(number) for number in range(1, 5)))
    assert start("--export", "last_night").returncode == 0
    assert [row[3] for row in person.see("'Last night'")] == [
        "About",
        "last night",
        *(f"shop/{n}" for n in range(1, 5)),
    ]
    show(cloud, GOOD)
    done = start("--export", "last_night")
    assert (done.returncode, log_lines(done)[-1]["severity"]) == (0, "INFO")
    header, *rows = person.see("'Last night'")
    assert (header[0], [row[:5] for row in rows]) == (
        "No.",
        [["0", "good", "verdict", "last night", "Nothing is wrong."]],
    )


def test_an_unchanged_verdict_is_not_written_again(start, cloud):
    show(cloud, GOOD)
    assert start("--export", "last_night").returncode == 0
    done = start("--export", "last_night")
    [line] = log_lines(done)
    counts = ("inserted", "updated", "deleted", "rejected", "drift")
    assert {line[name] for name in counts} == {0}


def test_a_run_of_all_exports_leaves_it_to_the_end_of_the_pipeline(start, cloud, person):
    """Before the run is recorded, the verdict would be that of the run before."""
    show(cloud, GOOD)
    synced = {line.get("export") for line in log_lines(start())}
    assert "daily_sales" in synced and "last_night" not in synced
    assert "Last night" not in [
        sheet["properties"]["title"] for sheet in person.client.fetch_sheet_metadata(person.id)["sheets"]
    ]


def test_a_view_that_is_missing_names_its_remedy(start, cloud):
    cloud.bigquery.query_and_wait("DROP VIEW IF EXISTS ops.verdict")
    done = start("--export", "last_night")
    assert done.returncode == 1
    assert "There is no table ops.verdict" in done.stderr and "Apply Terraform to create it." in done.stderr


def declare(**keys):
    content = {
        "table": "ops.verdict",
        "tab": "T",
        "mode": "mirror",
        "key": ["kind"],
        "columns": {"kind": {"header": "K"}},
    }
    return parse_export("verdict", "verdict.yaml", content | keys)


def test_a_notice_about_each_change_is_rejected():
    with pytest.raises(
        ExportError, match="notify.on is change, failure.*, but every run changes ops.verdict"
    ):
        declare(notify={"mail": "owner@example.com"})
    assert declare(notify={"mail": "owner@example.com", "on": ["failure"]}).notify.on == ("failure",)


def test_no_other_table_of_ops_can_be_exported():
    """They have error texts of sources."""
    for table in ("ops.run_log", "ops.last_night", "ops.verdict2"):
        with pytest.raises(ExportError, match=r"expected a table in dmt, or raw.<table>, or ops.verdict"):
            declare(table=table)


def test_the_row_loss_guard_can_be_declared():
    assert (declare().shrink, declare(shrink=10).shrink) == (100, 10)
