"""A sheet as a source, and an API straight to a sheet: what the guides show, run as it stands there."""

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
SOLD = {date(2017, 1, 1): Decimal("1093.26"), date(2017, 1, 2): Decimal("812.50")}
HEADER = ["Note", "Day", "Mine", "Revenue target"]
LIMIT_SECONDS = 60


class Office:
    """The planners' spreadsheet, and what the warehouse makes of it."""

    def __init__(self, state, folder):
        self.state, self.folder, self.cloud = state, folder, Cloud(state)
        self.http = requests.Session()
        self.http.headers["Authorization"] = "Bearer planner"
        tabs = [{"properties": {"title": "Plan"}}]
        books = f"{state.address}/sheets/v4/spreadsheets"
        made = self.http.post(books, json={"properties": {"title": "Planning"}, "sheets": tabs}, timeout=10)
        self.book = made.json()["spreadsheetId"]
        self.share("reader", "connector")

    def share(self, role, identity):
        share = {"role": role, "type": "user", "emailAddress": self.state.identity(identity)}
        files = f"{self.state.address}/drive/v3/files/{self.book}/permissions"
        assert self.http.post(files, json=share, timeout=10).ok

    def keep(self, rows):
        values = f"{self.state.address}/sheets/v4/spreadsheets/{self.book}/values"
        assert self.http.post(f"{values}/Plan!A:Z:clear", json={}, timeout=10).ok
        typed = self.http.put(
            f"{values}/Plan!A1?valueInputOption=USER_ENTERED", json={"values": rows}, timeout=10
        )
        assert typed.ok, typed.text

    def copy(self):
        """The plan into raw."""
        words = ["connector", "--source", "planning", "--endpoint", "targets"]
        bucket = f"{self.state.project}-landing"
        return self.job("connector", words, BUCKET=bucket, PLANNING_SPREADSHEET=self.book)

    def job(self, identity, words, **settings):
        """`python -m words` as its job runs it."""
        given = {"PROJECT_ID": self.state.project, "LOCATION": "EU"} | settings
        return subprocess.run(
            [sys.executable, "-m", *words],
            cwd=self.folder,
            env=environment.clients(self.state, self.state.identity(identity)) | given,
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
        made = self.cloud.call("POST", f"{repository}/workflowInvocations", body)["name"]
        deadline = time.monotonic() + LIMIT_SECONDS
        while (found := self.cloud.call("GET", f"/dataform/v1/{made}"))["state"] == "RUNNING":
            assert time.monotonic() < deadline
            time.sleep(0.1)
        assert found["state"] == "SUCCEEDED", self.cloud.call("GET", f"/dataform/v1/{made}:query")

    def plan(self):
        rows = self.cloud.rows("SELECT * FROM dmt.sales_plan ORDER BY day")
        return [
            (row["day"], row["revenue_target"], row["revenue"], row["difference"], row["note"])
            for row in rows
        ]


@pytest.fixture(scope="module")
def office(tmp_path_factory):
    folder = tmp_path_factory.mktemp("planning")
    for package in ("connector", "sheets_sync"):
        shutil.copytree(ROOT / package, folder / package)
    for name in ("workflow_settings.yaml", "includes"):
        copy = shutil.copytree if (ROOT / "dataform" / name).is_dir() else shutil.copy
        (folder / "dataform").mkdir(exist_ok=True)
        copy(ROOT / "dataform" / name, folder / "dataform" / name)
    for name, text in [pair for guide in GUIDES for pair in FILE.findall(guide.read_text())]:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    sold = 'config { type: "declaration", schema: "dmt", name: "daily_sales" }'
    (folder / "dataform/definitions/dmt/daily_sales.sqlx").write_text(sold)
    with running(tmp_path_factory.mktemp("sandbox")) as state:
        replay(state)
        made = Office(state, folder)
        client = made.cloud.bigquery
        schema = json.loads((folder / "connector/schemas/targets.json").read_text())
        fields = [bigquery.SchemaField.from_api_repr(field) for field in schema]
        client.create_table(bigquery.Table(f"{state.project}.raw.targets", fields))
        rows = ", ".join(
            f"STRUCT(DATE '{day}' AS day, NUMERIC '{paid}' AS revenue)" for day, paid in SOLD.items()
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
        Shell(state).python("scripts.release", *release)
        yield made
        made.http.close()


def expected(plan):
    """What the mart must say, computed here: a target beside what was sold."""
    return [
        (day, target, SOLD.get(day), SOLD[day] - target if day in SOLD else None, note)
        for day, target, note in plan
    ]


def test_the_plan_is_joined_with_what_was_sold(office):
    office.keep(
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
    done = office.copy()
    assert done.returncode == 0, done.stderr
    assert "column Mine" in done.stderr  # reported, and kept in the file
    office.transform()
    assert office.plan() == expected(
        [
            (date(2017, 1, 1), Decimal(1000), "New Year"),
            (date(2017, 1, 2), Decimal(900), None),
            (date(2017, 1, 3), Decimal("850.10"), "open"),
        ]
    )
    rejected = office.cloud.rows("SELECT reason FROM ods.targets_rejects ORDER BY payload")
    twice = {"reason": "day is there more than once"}
    assert [dict(row) for row in rejected] == [twice, twice, {"reason": "day is not a date"}]
    [file] = office.cloud.rows("SELECT state, rows FROM ops.file_log WHERE endpoint = 'targets'")
    assert (file["state"], file["rows"]) == ("archived", 6)


def test_what_people_change_is_in_force_after_the_next_copy(office):
    office.keep([["Day", "Revenue target", "Note"], ["2017-01-02", 800], ["2017-01-05", 700.5, "late"]])
    assert office.copy().returncode == 0
    office.transform()
    assert office.plan() == expected(
        [(date(2017, 1, 2), Decimal(800), None), (date(2017, 1, 5), Decimal("700.5"), "late")]
    )


def test_a_header_that_is_gone_stops_the_copy_with_a_sentence_and_the_plan_stays(office):
    office.keep([["Day", "Target", "Note"], ["2017-01-02", 1]])
    stopped = office.copy()
    assert stopped.returncode == 1
    assert "has no column 'Revenue target' in row 1, which has: 'Day', 'Target', 'Note'" in stopped.stderr
    assert "Traceback" not in stopped.stderr
    assert len(office.plan()) == 2


def test_an_apis_list_goes_straight_to_a_sheet(office):
    """Every household as the API has it now, typed by the export, with no model between."""
    office.share("writer", "sheets-sync")
    key = (office.state.root / "retail-api-key").read_text()
    bucket = f"{office.state.project}-landing"
    copied = office.job(
        "connector", ["connector", "--endpoint", "customers"], BUCKET=bucket, RETAIL_API_KEY=key
    )
    assert copied.returncode == 0, copied.stderr
    published = office.job(
        "sheets-sync", ["sheets_sync", "--export", "households"], HOUSEHOLDS_SPREADSHEET=office.book
    )
    assert published.returncode == 0, published.stderr
    values = f"{office.state.address}/sheets/v4/spreadsheets/{office.book}/values/Households"
    shown = office.http.get(values, params={"valueRenderOption": "UNFORMATTED_VALUE"}, timeout=30).json()[
        "values"
    ]
    asked = requests.get(
        f"{office.state.address}/retail/v1/customers?page=1&page_size=250",
        headers={"X-API-Key": key},
        timeout=30,
    ).json()
    wanted = [[item["id"], item["age"] or "", item["income"] or ""] for item in asked["items"]]
    assert shown[0] == ["Household", "Age", "Income"]
    assert [(row + ["", ""])[:3] for row in shown[1:251]] == wanted
    assert len(shown) == 1 + asked["total_items"] == 2470
