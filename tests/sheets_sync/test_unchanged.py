"""What cannot have changed is not read; what people changed is found by the next run."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest
import requests

from sheets_sync import report, sync
from sheets_sync.destinations.sheets.destination import SheetsDestination
from sheets_sync.export_parser import parse_export
from sheets_sync.options import Options
from sheets_sync.seen import MAX_AGE, History
from sheets_sync.warehouse import Warehouse
from tests.sheets_sync.sandbox_spreadsheets import DECLARED

START = datetime(2026, 11, 21, 6, tzinfo=UTC)
TABLE = (
    "SELECT DATE '2017-01-01' AS day, 3 AS baskets, NUMERIC '12.50' AS revenue, 'a' AS note "
    "UNION ALL SELECT DATE '2017-01-02', 4, NUMERIC '1', 'b'"
)


class Runs:
    """Runs of one export from a table of its own, by the hour. The log is the real one, in ops."""

    def __init__(self, cloud, spreadsheet, name):
        self.cloud, self.spreadsheet, self.name = cloud, spreadsheet, name
        self.warehouse = Warehouse(cloud.bigquery)
        self.fields = DECLARED | {"table": name}
        self.number, self.hour, self.declared = 0, 0, frozenset({name})
        self.query(f"CREATE OR REPLACE TABLE dmt.{name} AS {TABLE}")

    def query(self, sql):
        self.cloud.bigquery.query_and_wait(sql)

    def now(self):
        return START + timedelta(hours=self.hour)

    def create(self, export):
        options = Options(declared=self.declared)
        return SheetsDestination(self.spreadsheet, self.cloud.state.project, options, self.now)

    def run(self, hours=1.0):
        """The outcome of the next run, and the calls of the Sheets API that it took."""
        self.hour, self.number = self.hour + hours, self.number + 1
        export = parse_export(self.name, "e.yaml", self.fields)
        runs = self.warehouse.read_last_runs(self.now() - MAX_AGE)
        history = History(runs, self.declared, self.warehouse.read_version)
        calls = f"{self.cloud.control}/calls"
        requests.delete(calls, timeout=10)
        before = self.spreadsheet.calls
        [synced] = sync.sync_exports(
            {self.name: lambda: export}, self.warehouse, self.create, self.now, f"{self.name}_{self.number}",
            history=history,
        )  # fmt: skip
        counted = requests.get(calls, timeout=10).json()
        outcome = synced.outcome
        return SimpleNamespace(
            outcome=outcome,
            unchanged=outcome.unchanged,
            counts=outcome.counts,
            calls=outcome.calls - before,
            reads=counted["reads"],
            writes=counted["writes"],
        )

    def settle(self):
        """Publish, and run until nothing is read."""
        done = [self.run() for _ in range(4)]
        assert [run.unchanged for run in done] == ["", "", "table", "table and sheet"]
        return done


@pytest.fixture
def runs(cloud, person, spreadsheet, request):
    return Runs(cloud, spreadsheet, f"t_{abs(hash(request.node.nodeid)) % 10**9}")


def test_the_reads_of_an_unchanged_export_end(runs):
    done = runs.settle()
    assert [(run.reads, run.writes, run.calls) for run in done] == [
        (1, 1, 2),  # published
        (2, 0, 2),  # compared with the mart
        (2, 0, 3),  # the sheet is read, the mart is not
        (0, 0, 1),  # Drive's version of the file
    ]
    assert [run.outcome.rows for run in done] == [2, 2, 2, 2]
    last = done[-1].outcome
    assert (last.status, last.title, last.link) == ("success", "Daily sales", done[0].outcome.link)
    text = f"{runs.name}: 2 rows in tab 'Daily sales', unchanged: table and sheet not read, 1 calls"
    assert report.describe_outcome(replace(last, calls=done[-1].calls)) == text


def test_the_log_in_ops_names_what_was_not_read(runs, cloud):
    runs.settle()
    sql = f"SELECT unchanged, `rows`, inserted FROM ops.sync_run WHERE export = '{runs.name}' ORDER BY started_at"
    logged = [tuple(row.values()) for row in cloud.bigquery.query_and_wait(sql)]
    assert logged == [(None, 2, 2), (None, 2, 0), ("table", 2, 0), ("table and sheet", 2, 0)]


@pytest.mark.parametrize(
    ("statement", "inserted", "updated", "deleted"),
    [
        ("INSERT INTO dmt.{0} VALUES (DATE '2017-01-03', 1, 1, 'c')", 1, 0, 0),
        ("UPDATE dmt.{0} SET note = 'z' WHERE baskets = 4", 0, 1, 0),
        ("DELETE FROM dmt.{0} WHERE baskets = 4", 0, 0, 1),
        ("TRUNCATE TABLE dmt.{0}", 0, 0, 2),
        ("CREATE OR REPLACE TABLE dmt.{0} AS SELECT DATE '2017-01-01' day, 9 baskets, 1 revenue, 'a' note", 0, 1, 1),
    ],
)  # fmt: skip
def test_a_change_of_the_table_is_published(runs, statement, inserted, updated, deleted):
    runs.settle()
    runs.query(statement.format(runs.name))
    done = runs.run()
    counts = done.counts
    assert (counts.inserted.count, counts.updated.count, counts.deleted.count) == (inserted, updated, deleted)
    assert [runs.run().unchanged for _ in range(3)] == ["", "table", "table and sheet"]


PEOPLE = {
    "a synced cell": lambda person: person.type("'Daily sales'!B2", [[99]]),
    "a header": lambda person: person.type("'Daily sales'!B1", [["Körbe"]]),
    "a key": lambda person: person.type("'Daily sales'!A3", [["x"]]),
    "a formula": lambda person: person.type("'Daily sales'!C2", [["=1+2"]]),
}


@pytest.mark.parametrize("what", PEOPLE)
def test_what_people_change_in_the_synced_columns_is_found_by_the_next_run(runs, person, what):
    runs.settle()
    before = person.see("'Daily sales'")
    PEOPLE[what](person)
    done = runs.run()
    assert (done.unchanged, done.outcome.error) == ("", None)
    assert person.see("'Daily sales'") == before
    assert done.writes == 1


@pytest.mark.parametrize("moment", ["spreadsheets.get", "values.batchGet"])
def test_an_edit_between_the_requests_of_a_run_is_found_by_the_next_run(runs, person, moment):
    """The version is read before the sheet, so it is older than what is typed meanwhile."""
    for _ in range(2):
        runs.run()
    original = runs.spreadsheet.client.request

    def request(method, endpoint, *args, **kwargs):
        is_read = ":batchGet" in endpoint
        if is_read == (moment == "values.batchGet") and "drive" not in endpoint and method == "get":
            runs.spreadsheet.client.request = original
            answer = original(method, endpoint, *args, **kwargs)
            person.type("'Daily sales'!B2", [[99]])
            return answer
        return original(method, endpoint, *args, **kwargs)

    runs.spreadsheet.client.request = request
    runs.run()
    runs.run()
    assert person.see("'Daily sales'!B2") == [["3"]]


def test_rows_that_people_sorted_are_put_back(runs, person):
    runs.settle()
    tab = next(tab["properties"] for tab in person.sheets() if tab["properties"]["title"] == "Daily sales")
    place = {"sheetId": tab["sheetId"], "startRowIndex": 1, "endRowIndex": 3}
    specs = [{"dimensionIndex": 0, "sortOrder": "DESCENDING"}]
    person.batch({"sortRange": {"range": place, "sortSpecs": specs}})
    runs.run()
    assert person.see("'Daily sales'!A2:A3") == [["2017-01-01"], ["2017-01-02"]]


def test_a_note_beside_the_synced_columns_does_not_cause_a_read_of_the_mart(runs, person):
    runs.settle()
    person.type("'Daily sales'!F2", [["mine"]])
    assert [runs.run().unchanged for _ in range(2)] == ["table", "table and sheet"]


def test_a_changed_time_zone_and_a_deleted_state_are_compared(runs, person):
    runs.settle()
    properties = {"properties": {"timeZone": "Asia/Tokyo"}, "fields": "timeZone"}
    person.batch({"updateSpreadsheetProperties": properties})
    assert runs.run().unchanged == ""
    runs.run()
    states = [tab["properties"] for tab in person.sheets() if "(last synced)" in tab["properties"]["title"]]
    person.batch({"deleteSheet": {"sheetId": states[0]["sheetId"]}})
    assert runs.run().writes == 1


def test_a_copied_tab_is_refused_although_the_table_is_unchanged(runs, person):
    runs.settle()
    tab = next(tab["properties"] for tab in person.sheets() if tab["properties"]["title"] == "Daily sales")
    mark = next(tab for tab in person.sheets() if tab["properties"]["title"] == "Daily sales")
    [item] = mark["developerMetadata"]
    person.batch({"duplicateSheet": {"sourceSheetId": tab["sheetId"], "newSheetId": 4711}})
    copied = {key: item[key] for key in ("metadataKey", "metadataValue", "visibility")}
    person.batch({"createDeveloperMetadata": {"developerMetadata": copied | {"location": {"sheetId": 4711}}}})
    assert "are all marked as the tab" in runs.run().outcome.error


def test_another_declaration_or_spreadsheet_is_compared(runs, cloud):
    runs.settle()
    runs.fields = runs.fields | {"columns": runs.fields["columns"] | {"note": {"header": "Remark"}}}
    assert (runs.run().unchanged, runs.run().unchanged, runs.run().unchanged) == ("", "", "table")
    runs.declared |= {"others"}
    assert runs.run().unchanged == ""


def test_after_a_failure_everything_is_compared(runs, fault):
    runs.settle()
    runs.query(f"ALTER TABLE dmt.{runs.name} RENAME TO {runs.name}_away")
    assert "There is no table" in runs.run().outcome.error
    runs.query(f"ALTER TABLE dmt.{runs.name}_away RENAME TO {runs.name}")
    assert [runs.run().unchanged for _ in range(3)] == ["", "table", "table and sheet"]


def test_everything_is_compared_once_a_day(runs):
    runs.settle()  # compared in hour 2
    assert [runs.run(hours=hours).unchanged for hours in (10, 11, 2)] == ["table and sheet"] * 2 + [""]


def test_without_drive_the_sheet_is_read_and_the_mart_is_not(runs, cloud):
    runs.spreadsheet.client.drive_endpoint = f"{cloud.state.address}/nowhere"
    done = [runs.run() for _ in range(4)]
    assert [run.unchanged for run in done] == ["", "", "table", "table"]
    assert [run.outcome.error for run in done] == [None] * 4


def test_a_view_is_read_and_the_sheet_is_not(runs, person):
    """A view has no time of its own: its rows are compared with those of the run before."""
    runs.query(f"CREATE OR REPLACE VIEW dmt.{runs.name}_view AS SELECT * FROM dmt.{runs.name}")
    runs.fields = runs.fields | {"table": f"{runs.name}_view"}
    done = [runs.run() for _ in range(4)]
    assert [run.unchanged for run in done] == ["", "", "", "sheet"]
    assert [run.reads for run in done] == [1, 2, 2, 0]
    runs.query(f"UPDATE dmt.{runs.name} SET note = 'z' WHERE baskets = 4")
    assert (runs.run().counts.updated.count, person.see("'Daily sales'!D3")) == (1, [["z"]])


def test_rows_of_a_segment_are_skipped_alike(runs):
    runs.fields = runs.fields | {"where": {"note": ["a"]}}
    assert [run.outcome.rows for run in runs.settle()] == [1] * 4
    runs.query(f"UPDATE dmt.{runs.name} SET note = 'a' WHERE note = 'b'")
    assert runs.run().counts.inserted.count == 1


def test_rejected_rows_are_reported_by_every_run(runs):
    runs.query(f"INSERT INTO dmt.{runs.name} VALUES (NULL, 1, 1, 'c')")
    done = [runs.run() for _ in range(3)]
    assert [run.outcome.status for run in done] == ["partial"] * 3
    assert [run.counts.rejected.count for run in done] == [1] * 3


def test_kept_edits_are_reported_by_every_run(runs, person):
    runs.fields = runs.fields | {"drift": "keep"}
    runs.settle()
    person.type("'Daily sales'!B2", [[99]])
    assert [runs.run().counts.drift.count for _ in range(3)] == [1] * 3


def test_the_status_note_is_renewed_once_an_hour(runs, person):
    runs.fields = runs.fields | {"status": "note"}
    done = [runs.run(hours=0.25) for _ in range(10)]
    assert [run.writes for run in done] == [1, 0, 0, 0, 1, 0, 0, 0, 1, 0]
    assert [run.unchanged for run in done[2:]] == [
        "table", "table and sheet", "table", "table", "table and sheet", "table and sheet", "table", "table"
    ]  # fmt: skip
    fields = {"fields": "sheets(properties(title),data(rowData(values(note))))", "ranges": "'Daily sales'!A1"}
    [tab] = person.client.fetch_sheet_metadata(person.id, fields)["sheets"]
    note = tab["data"][0]["rowData"][0]["values"][0]["note"]
    assert note == "Checked at 2026-11-21 08:15\nChanged at 2026-11-21 06:15"


def test_a_chart_that_people_deleted_is_drawn_again_although_the_table_is_unchanged(runs, person):
    runs.fields = runs.fields | {"chart": {"tab": "Chart", "x": "day", "y": ["revenue"]}}
    runs.settle()
    [tab] = [tab for tab in person.sheets() if tab["properties"]["title"] == "Chart"]
    person.batch({"deleteEmbeddedObject": {"objectId": tab["charts"][0]["chartId"]}})
    assert runs.run().writes == 1
    [tab] = [tab for tab in person.sheets() if tab["properties"]["title"] == "Chart"]
    assert len(tab["charts"]) == 1


def test_the_jobs_of_an_export_carry_its_name(runs, cloud):
    runs.run()
    labels = [job.labels for job in cloud.bigquery.list_jobs(max_results=20)]
    assert {"component": "sheets-sync", "export": runs.name} in labels


def test_a_selection_without_rows_is_noted_by_every_run(runs):
    """A misspelt value of a segment publishes nothing, and a value may disappear from the mart."""
    runs.fields = runs.fields | {"where": {"note": ["a"]}}
    runs.settle()
    runs.query(f"UPDATE dmt.{runs.name} SET note = 'b' WHERE TRUE")
    done = [runs.run() for _ in range(3)]
    note = f"No row of dmt.{runs.name} has note = 'a'. Check where and segments of the export."
    assert [run.outcome.notes for run in done] == [(note,)] * 3
    assert [run.counts.deleted.count for run in done] == [1, 0, 0]
