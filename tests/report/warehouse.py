"""The tables and views of ops as Terraform creates them, in a BigQuery project of the sandbox.

Every table requires a filter on its partition: a query that reads more than the days that it needs fails.
"""

import json
import re
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from google.auth.credentials import AnonymousCredentials
from google.cloud import bigquery

MODULE = Path(__file__).parents[2] / "modules/warehouse"
PARTITIONS = dict(
    re.findall(r"    (\w+) = \{\n +description.*\n +partition += \"(\w+)\"", (MODULE / "ops.tf").read_text())
)
VIEWS = ("measures", "last_night", "verdict")
ENDPOINTS = {f"retail/{name}": name for name in ("sales", "products", "customers")}
LIMITS = {"orphan_rate": 0.01, "rejects": 0}

type Rows = Mapping[str, Sequence[dict[str, Any]]]


def schema(table: str) -> list[bigquery.SchemaField]:
    fields = json.loads((MODULE / f"ops/{table}.json").read_text())
    return [bigquery.SchemaField.from_api_repr(field) for field in fields]


def render(view: str, project: str, endpoints: Mapping[str, str] = ENDPOINTS, **limits: float) -> str:
    """The query as templatefile() of Terraform renders it."""
    values = LIMITS | limits
    text = (MODULE / f"views/{view}.sql").read_text()
    replacements = {
        "${project}": project,
        "${endpoints}": ", ".join(str(each) for each in endpoints.items()),
        "${orphan_rate}": repr(values["orphan_rate"]),
        "${rejects}": repr(values["rejects"]),
    }
    for name, value in replacements.items():
        text = text.replace(name, value)
    assert "${" not in text, re.findall(r"\$\{.*?\}", text)
    return text


@dataclass(frozen=True)
class Ops:
    client: bigquery.Client

    def load(self, rows: Rows) -> None:
        """Replaces the rows of the named tables."""
        for table, lines in rows.items():
            config = bigquery.LoadJobConfig(schema=schema(table), write_disposition="WRITE_APPEND")
            self.query(f"truncate table ops.{table}")
            if lines:
                name = f"{self.client.project}.ops.{table}"
                self.client.load_table_from_json(list(lines), name, job_config=config).result()

    def query(self, sql: str) -> list[dict[str, Any]]:
        return [dict(row) for row in self.client.query_and_wait(sql)]

    def findings(self) -> list[dict[str, Any]]:
        return self.query("select * from ops.last_night order by kind, subject")


def create_ops(address: str, endpoints: Mapping[str, str] = ENDPOINTS) -> Ops:
    """A new project with the empty tables and the views of ops. `endpoints` are the tables that they fill."""
    project = f"ops-{uuid.uuid4().hex[:8]}"
    options = {"api_endpoint": address}
    client = bigquery.Client(project, credentials=AnonymousCredentials(), client_options=options)
    client.create_dataset("ops")
    for name, column in PARTITIONS.items():
        table = bigquery.Table(f"{project}.ops.{name}", schema(name))
        table.time_partitioning = bigquery.TimePartitioning(field=column)
        table.require_partition_filter = True
        client.create_table(table)
    for name in VIEWS:
        view = bigquery.Table(f"{project}.ops.{name}")
        view.view_query = render(name, project, endpoints)
        client.create_table(view)
    return Ops(client)
