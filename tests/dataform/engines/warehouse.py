"""A BigQuery project of its own on the sandbox: raw rows in, rows of any table out."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from google.auth.credentials import AnonymousCredentials
from google.cloud import bigquery

from tests.dataform.engines.project import ROOT

SCHEMAS = ROOT / "connector" / "schemas"
RAW = tuple(sorted(path.stem for path in SCHEMAS.glob("*.json")))
LOG_SCHEMAS = ROOT / "modules" / "warehouse" / "ops"
LOGS = ("file_log", "quality_results", "run_log")  # the tables of ops that Dataform reads or writes


@dataclass(frozen=True)
class Warehouse:
    client: bigquery.Client

    @property
    def project(self) -> str:
        return str(self.client.project)

    def query(self, sql: str) -> list[dict[str, Any]]:
        return [dict(row) for row in self.client.query_and_wait(sql)]

    def rows(self, table: str, columns: str = "*", where: str = "true") -> list[dict[str, Any]]:
        return self.query(f"select {columns} from `{self.project}.{table}` where {where} order by 1")

    def load(self, table: str, files: Mapping[str, Iterable[dict[str, Any]]]) -> None:
        """One load into raw as the connector does it: staging, then an INSERT with the warehouse's clock."""
        lines = [row | {"SYS_FILE_NAME": name} for name, rows in files.items() for row in rows]
        if not lines:
            return
        schema = [field for field in raw_schema(table) if field.name != "SYS_DATE_CREATE"]
        staging = f"{self.project}.staging.{table}"
        config = bigquery.LoadJobConfig(schema=schema, write_disposition="WRITE_TRUNCATE")
        self.client.load_table_from_json(lines, staging, job_config=config).result()
        names = ", ".join(field.name for field in schema)
        self.query(
            f"insert into `{self.project}.raw.{table}` ({names}, SYS_DATE_CREATE) "
            f"select {names}, current_timestamp() from `{staging}`"
        )


def raw_fields(table: str) -> list[dict[str, Any]]:
    """The columns as the API of BigQuery spells them."""
    fields: list[dict[str, Any]] = json.loads((SCHEMAS / f"{table}.json").read_text())
    return fields


def log_fields(table: str) -> list[dict[str, Any]]:
    fields: list[dict[str, Any]] = json.loads((LOG_SCHEMAS / f"{table}.json").read_text())
    return fields


def raw_schema(table: str) -> list[bigquery.SchemaField]:
    return [bigquery.SchemaField.from_api_repr(field) for field in raw_fields(table)]


def connect(address: str, project: str) -> Warehouse:
    """A new project with empty raw tables and logs, as Terraform creates them."""
    options = {"api_endpoint": address}
    client = bigquery.Client(project, credentials=AnonymousCredentials(), client_options=options)
    for dataset in ("raw", "staging", "ops"):
        client.create_dataset(dataset)
    for name in RAW:
        table = bigquery.Table(f"{project}.raw.{name}", raw_schema(name))
        table.time_partitioning = bigquery.TimePartitioning(field="SYS_DATE_CREATE")
        client.create_table(table)
    for name in LOGS:
        columns = [bigquery.SchemaField.from_api_repr(field) for field in log_fields(name)]
        client.create_table(bigquery.Table(f"{project}.ops.{name}", columns))
    return Warehouse(client)
