"""The examples of two guides, run as printed: a sheet as a source, and an API list straight to a sheet."""

import json
import re
import shutil
import subprocess
import sys
import time
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
import requests
from google.cloud import bigquery

from demo.cloud import LOCATION, REGION, Cloud
from demo.commands import Shell
from demo.recorded_apply.replay import replay
from demo.server import running
from sandbox import environment

ROOT = Path(__file__).parents[1]
GUIDES = [ROOT / f"docs/guides/{name}.md" for name in ("sheet-as-a-source", "api-to-a-sheet")]
FILE = re.compile(
    r"^`((?:connector|dataform|sheets_sync)/\S+)`\n\n```\w+\n(.+?)^```$", re.MULTILINE | re.DOTALL
)
REVENUE = {date(2017, 1, 1): Decimal("1093.26"), date(2017, 1, 2): Decimal("812.50")}
HEADER = ["Note", "Day", "Mine", "Revenue target"]
LIMIT_SECONDS = 60


class Planning:
    """The planners' spreadsheet, and the commands of the guides."""

    def __init__(self, state, folder):
        self.state, self.folder, self.cloud = state, folder, Cloud(state)
        self.http = requests.Session()
        self.http.headers["Authorization"] = "Bearer planner"
        tabs = [{"properties": {"title": "Plan"}}]
        books = f"{state.address}/sheets/v4/spreadsheets"
        response = self.http.post(
            books, json={"properties": {"title": "Planning"}, "sheets": tabs}, timeout=10
        )
        self.book = response.json()["spreadsheetId"]
        self.share("reader", "connector")

    def share(self, role, identity):
        permission = {"role": role, "type": "user", "emailAddress": self.state.identity(identity)}
        files = f"{self.state.address}/drive/v3/files/{self.book}/permissions"
        assert self.http.post(files, json=permission, timeout=10).ok

    def write_plan(self, rows):
        values = f"{self.state.address}/sheets/v4/spreadsheets/{self.book}/values"
        assert self.http.post(f"{values}/Plan!A:Z:clear", json={}, timeout=10).ok
        response = self.http.put(
            f"{values}/Plan!A1?valueInputOption=USER_ENTERED", json={"values": rows}, timeout=10
        )
        assert response.ok, response.text

    def copy(self):
        """Copies the plan into raw."""
        command = ["connector", "--source", "planning", "--endpoint", "targets"]
        bucket = f"{self.state.project}-landing"
        return self.run_module("connector", command, BUCKET=bucket, PLANNING_SPREADSHEET=self.book)

    def run_module(self, identity, command, **settings):
        """`python -m` of the command, with the environment variables of its job."""
        required = {"PROJECT_ID": self.state.project, "LOCATION": "EU"} | settings
        return subprocess.run(
            [sys.executable, "-m", *command],
            cwd=self.folder,
            env=environment.clients(self.state, self.state.identity(identity)) | required,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    def transform(self):
        repository = f"{self.cloud.location('dataform/v1')}/repositories/warehouse"
        live = self.cloud.call("GET", f"{repository}/releaseConfigs/live")["releaseCompilationResult"]
        config = {"serviceAccount": self.state.identity("dataform-runner")}
        body = {"compilationResult": live, "invocationConfig": config}
        name = self.cloud.call("POST", f"{repository}/workflowInvocations", body)["name"]
        deadline = time.monotonic() + LIMIT_SECONDS
        while (invocation := self.cloud.call("GET", f"/dataform/v1/{name}"))["state"] == "RUNNING":
            assert time.monotonic() < deadline
            time.sleep(0.1)
        assert invocation["state"] == "SUCCEEDED", self.cloud.call("GET", f"/dataform/v1/{name}:query")

    def grant_raw(self):
        """The grant that an apply adds for an export of raw: sheets-sync may read the dataset."""
        raw = f"/bigquery/v2/projects/{self.state.project}/datasets/raw"
        reader = {"role": "READER", "userByEmail": self.state.identity("sheets-sync")}
        access = [*self.cloud.call("GET", raw)["access"], reader]
        self.cloud.call("PATCH", raw, {"access": access})

    def read_plan(self):
        rows = self.cloud.rows("SELECT * FROM dmt.sales_plan ORDER BY day")
        return [
            (row["day"], row["revenue_target"], row["revenue"], row["difference"], row["note"])
            for row in rows
        ]


@pytest.fixture(scope="module")
def planning(tmp_path_factory):
    folder = tmp_path_factory.mktemp("planning")
    for package in ("runtime", "connector", "sheets_sync"):
        shutil.copytree(ROOT / package, folder / package)
    for name in ("workflow_settings.yaml", "includes"):
        copy = shutil.copytree if (ROOT / "dataform" / name).is_dir() else shutil.copy
        (folder / "dataform").mkdir(exist_ok=True)
        copy(ROOT / "dataform" / name, folder / "dataform" / name)
    for name, text in [pair for guide in GUIDES for pair in FILE.findall(guide.read_text())]:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    declaration = 'config { type: "declaration", schema: "dmt", name: "daily_sales" }'
    (folder / "dataform/definitions/dmt/daily_sales.sqlx").write_text(declaration)
    with running(tmp_path_factory.mktemp("sandbox")) as state:
        replay(state)
        planning = Planning(state, folder)
        client = planning.cloud.bigquery
        schema = json.loads((folder / "connector/schemas/targets.json").read_text())
        fields = [bigquery.SchemaField.from_api_repr(field) for field in schema]
        client.create_table(bigquery.Table(f"{state.project}.raw.targets", fields))
        rows = ", ".join(
            f"STRUCT(DATE '{day}' AS day, NUMERIC '{revenue}' AS revenue)" for day, revenue in REVENUE.items()
        )
        client.query_and_wait(f"CREATE TABLE dmt.daily_sales AS SELECT * FROM UNNEST([{rows}])")
        release = [
            "--project",
            state.project,
            "--region",
            REGION,
            "--location",
            LOCATION,
            "--folder",
            str(folder / "dataform"),
        ]
        Shell(state).run_module("scripts.release", *release)
        yield planning
        planning.http.close()


def expected(plan):
    """Rows that the mart must have: each target with the revenue of its day."""
    return [
        (day, target, REVENUE.get(day), REVENUE[day] - target if day in REVENUE else None, note)
        for day, target, note in plan
    ]


def test_the_plan_is_joined_with_revenue(planning):
    planning.write_plan(
        [
            HEADER,
            ["New Year", "2017-01-01", "x", 1000],
            ["", "2017-01-02", "", "=D2*0.9"],
            [],
            ["open", "2017-01-03", "", "850.10"],
            ["when?", "soon", "", 1],
            ["one", "2017-01-04", "", 1],
            ["two", "2017-01-04", "", 2],
        ]
    )
    copied = planning.copy()
    assert copied.returncode == 0, copied.stderr
    assert "column Mine" in copied.stderr  # reported, and kept in the file
    planning.transform()
    assert planning.read_plan() == expected(
        [
            (date(2017, 1, 1), Decimal(1000), "New Year"),
            (date(2017, 1, 2), Decimal(900), None),
            (date(2017, 1, 3), Decimal("850.10"), "open"),
        ]
    )
    rejected = planning.cloud.rows("SELECT reason FROM ods.targets_rejects ORDER BY payload")
    twice = {"reason": "day is there more than once"}
    assert [dict(row) for row in rejected] == [twice, twice, {"reason": "day is not a date"}]
    files = list(planning.cloud.rows("SELECT state, `rows` FROM ops.file_log WHERE endpoint = 'targets'"))
    # A day that is there twice is read a second time: rows may have moved while the sheet was read.
    assert [(file["state"], file["rows"]) for file in files] == [("archived", 6)] * 2


def test_changes_in_the_sheet_apply_after_the_next_copy(planning):
    planning.write_plan(
        [["Day", "Revenue target", "Note"], ["2017-01-02", 800], ["2017-01-05", 700.5, "late"]]
    )
    assert planning.copy().returncode == 0
    planning.transform()
    assert planning.read_plan() == expected(
        [(date(2017, 1, 2), Decimal(800), None), (date(2017, 1, 5), Decimal("700.5"), "late")]
    )


def test_a_missing_header_fails_the_copy_and_leaves_the_plan_unchanged(planning):
    planning.write_plan([["Day", "Target", "Note"], ["2017-01-02", 1]])
    failed = planning.copy()
    assert failed.returncode == 1
    assert "has no column 'Revenue target' in row 1, which has: 'Day', 'Target', 'Note'" in failed.stderr
    assert "Traceback" not in failed.stderr
    assert len(planning.read_plan()) == 2


def test_a_list_of_the_api_is_published_without_a_model(planning):
    """Every household of the API; the export declares the column types."""
    planning.share("writer", "sheets-sync")
    key = (planning.state.root / "retail-api-key").read_text()
    bucket = f"{planning.state.project}-landing"
    copied = planning.run_module(
        "connector", ["connector", "--endpoint", "customers"], BUCKET=bucket, RETAIL_API_KEY=key
    )
    assert copied.returncode == 0, copied.stderr
    publish = ["sheets_sync", "--export", "households"]
    early = planning.run_module("sheets-sync", publish, HOUSEHOLDS_SPREADSHEET=planning.book)
    assert early.returncode == 1 and "bigquery.tables.get denied on table" in early.stderr
    planning.grant_raw()
    published = planning.run_module("sheets-sync", publish, HOUSEHOLDS_SPREADSHEET=planning.book)
    assert published.returncode == 0, published.stderr
    values = f"{planning.state.address}/sheets/v4/spreadsheets/{planning.book}/values/Households"
    rows = planning.http.get(values, params={"valueRenderOption": "UNFORMATTED_VALUE"}, timeout=30).json()[
        "values"
    ]
    page = requests.get(
        f"{planning.state.address}/retail/v1/customers?page=1&page_size=250",
        headers={"X-API-Key": key},
        timeout=30,
    ).json()
    expected_rows = [[item["id"], item["age"] or "", item["income"] or ""] for item in page["items"]]
    assert rows[0] == ["Household", "Age", "Income"]
    assert [(row + ["", ""])[:3] for row in rows[1:251]] == expected_rows
    assert len(rows) == 1 + page["total_items"] == 2470
