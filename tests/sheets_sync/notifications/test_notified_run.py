"""python -m sheets_sync with notices switched on, as Cloud Run starts it."""

import base64
import json
import shutil
from pathlib import Path

import yaml

from tests.sheets_sync.run_command import run_command

ROOT = Path(__file__).parents[3]
SECRET = "whsec_" + base64.b64encode(b"k" * 32).decode()


def test_a_failure_and_its_end_are_sent_to_every_target(cloud, person, mail_server, receiver, tmp_path):
    cloud.bigquery.query_and_wait(
        "CREATE OR REPLACE TABLE dmt.daily_sales AS SELECT DATE '2017-01-01' AS day, 3 AS baskets, "
        "7 AS units, NUMERIC '12.50' AS revenue, NUMERIC '0' AS discount_amount"
    )
    shutil.copytree(
        ROOT / "sheets_sync", tmp_path / "sheets_sync", ignore=shutil.ignore_patterns("__pycache__")
    )
    declared = tmp_path / "sheets_sync/exports/daily_sales.yaml"
    people = {"mail": ["anna@example.com"], "webhook": receiver.url}
    declared.write_text(yaml.safe_dump(yaml.safe_load(declared.read_text()) | {"notify": people}))
    settings = {
        "SMTP_HOST": "127.0.0.1",
        "SMTP_PORT": str(mail_server.port),
        "SMTP_FROM": "data@example.com",
        "WEBHOOK_SECRET": SECRET,
    }

    def run(spreadsheet):
        reported = settings | {"DAILY_SALES_SPREADSHEET": spreadsheet}
        return run_command(cloud, "--export", "daily_sales", folder=tmp_path, **reported)

    failed, healed = run("nowhere"), run(person.id)
    assert (failed.returncode, healed.returncode) == (1, 0)
    assert [message["Subject"] for _, message in mail_server.arrived] == [
        "[sandbox-local] daily_sales failed",
        "[sandbox-local] daily_sales recovered: 1 inserted",
    ]
    reported = [json.loads(body) for _, body in receiver.got]
    assert [item["type"] for item in reported] == ["sync.failure", "sync.recovery"]
    assert reported[0]["data"]["error"].startswith("There is no spreadsheet nowhere.")
    assert person.id in reported[1]["data"]["link"]
