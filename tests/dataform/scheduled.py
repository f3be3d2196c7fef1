"""The scheduled queries as Terraform renders them, from the recorded requests to the transfer service."""

import json
import re
from typing import Any

from demo.recorded_apply.replay import RECORD
from scripts.sql_analysis.analyzer import Columns, type_from_field
from tests.dataform.engines.project import ROOT

OPS = {path.stem: json.loads(path.read_text()) for path in (ROOT / "modules/warehouse/ops").glob("*.json")}
LABELS = {"name": "labels", "type": "RECORD", "mode": "REPEATED"}
# https://cloud.google.com/bigquery/docs/information-schema-jobs
JOBS: list[dict[str, Any]] = [
    {"name": "creation_time", "type": "TIMESTAMP"},
    {"name": "user_email", "type": "STRING"},
    {"name": "job_id", "type": "STRING"},
    {"name": "statement_type", "type": "STRING"},
    {"name": "total_bytes_billed", "type": "INTEGER"},
    {"name": "total_slot_ms", "type": "INTEGER"},
    {
        "name": "destination_table",
        "type": "RECORD",
        "fields": [{"name": name, "type": "STRING"} for name in ("project_id", "dataset_id", "table_id")],
    },
    LABELS | {"fields": [{"name": "key", "type": "STRING"}, {"name": "value", "type": "STRING"}]},
]
# https://cloud.google.com/bigquery/docs/information-schema-partitions, and the older __TABLES__
SIZES = {
    "INFORMATION_SCHEMA.PARTITIONS": {
        "table_schema": "STRING",
        "table_name": "STRING",
        "partition_id": "STRING",
        "total_rows": "INTEGER",
        "total_logical_bytes": "INTEGER",
        "last_modified_time": "TIMESTAMP",
    },
}


def configs() -> dict[str, dict[str, Any]]:
    """Every transfer config of workspace local, by its name."""
    requests = [json.loads(line) for line in RECORD.read_text().splitlines()]
    bodies = [each["body"] for each in requests if each["path"].endswith("/transferConfigs")]
    return {config["displayName"]: config for config in bodies}


def analyzable(sql: str) -> str:
    """As the analyzer of tests/dataform requires it: one name for a table, and parameters as variables."""
    named = re.sub(r"\b(ods|dmt|ops|assertions)\.((?:INFORMATION_SCHEMA\.)?\w+)", r"`p.\1.\2`", sql)
    jobs = re.sub(r"`?region-eu`?\.INFORMATION_SCHEMA\.JOBS", "`jobs`", named).replace("@run_", "run_")
    moment = "declare run_time timestamp default current_timestamp();"
    return f"declare run_date date default current_date();\n{moment}\n{jobs}"


def tables() -> dict[str, Columns]:
    """The tables that the queries read and write, except those that Dataform creates."""
    return {
        "jobs": columns(JOBS),
        **{f"p.ops.{name}": columns(fields) for name, fields in OPS.items()},
        **{
            f"p.{dataset}.{view}": columns([{"name": name, "type": kind} for name, kind in fields.items()])
            for dataset in ("ods", "dmt")
            for view, fields in SIZES.items()
        },
    }


def advised() -> list[str]:
    """The queries in runbooks and alerts, except those with a placeholder."""
    texts = [*(ROOT / "docs/runbooks").glob("*.md"), ROOT / "modules/alerts/main.tf"]
    queries = [query for path in texts for query in re.findall(r"`(SELECT [^`]+)`", joined(path.read_text()))]
    return sorted({query for query in queries if "<" not in query})


def joined(text: str) -> str:
    """`text` with the strings of a Terraform list as one: `"a",` and `"b"` on two lines are `a b`."""
    return re.sub(r'",\n\s+"', " ", text)


def columns(fields: list[dict[str, Any]]) -> Columns:
    return {field["name"]: type_from_field(field) for field in fields}
