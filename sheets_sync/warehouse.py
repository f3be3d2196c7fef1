"""BigQuery: rows of a mart in, rows of the logs out. The only file that speaks to it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from google.api_core.exceptions import Conflict, GoogleAPIError, NotFound
from google.auth.exceptions import GoogleAuthError
from google.cloud import bigquery
from requests.exceptions import RequestException

from sheets_sync import raw
from sheets_sync.errors import WarehouseError
from sheets_sync.exports import Export

LOGS = "ops"
PARAMETERS: dict[type, str] = {str: "STRING", datetime: "TIMESTAMP"}
FAILURES = (GoogleAPIError, GoogleAuthError, RequestException)


@dataclass(frozen=True)
class Mart:
    """Rows in the export's order, cells in its columns' order; `types` are BigQuery's, by column."""

    types: Mapping[str, str]
    rows: list[tuple[Any, ...]]


class Warehouse:
    def __init__(self, client: bigquery.Client) -> None:
        self.client = client

    @property
    def project(self) -> str:
        return str(self.client.project)

    def shape(self, export: Export) -> Mart:
        """The types of an export's columns without its rows; where the mart is broken all are STRING."""
        try:
            schema = self.client.get_table(f"{self.project}.{export.address}").schema
        except FAILURES:
            schema = []
        types = {field.name: field.field_type for field in schema}
        types |= {column.name: column.type for column in export.columns if column.type}
        return Mart({name: types.get(name, "STRING") for name in export.names}, [])

    def read(self, export: Export) -> Mart:
        """WarehouseError where the table, a column or a right is missing."""
        name = f"{self.project}.{export.address}"
        try:
            types = {field.name: field.field_type for field in self.client.get_table(name).schema}
            missing = [column for column in export.names if column not in types]
            if missing:
                raise WarehouseError(
                    f"Export {export.name} wants columns {', '.join(missing)}, which {export.address} "
                    f"has not. It has: {', '.join(types)}."
                )
            # By REST: the Storage Read API asks for a right more and gains nothing on a mart's size.
            if export.is_raw:
                return self.newest(name, export)
            rows = self.client.query_and_wait(select(name, export))
            return Mart(types, [tuple(row.values()) for row in rows])
        except NotFound as error:
            way_out = (
                "Is it declared in connector/sources?" if export.is_raw else "Is Dataform released and run?"
            )
            raise WarehouseError(
                f"There is no table {export.address} in {self.project}. {way_out}"
            ) from error
        except FAILURES as error:
            raise WarehouseError(f"{export.address} could not be read: {error}") from error

    def newest(self, name: str, export: Export) -> Mart:
        """The rows of a table of raw that are in force, typed; WarehouseError where there are none."""
        rows = [tuple(row.values()) for row in self.client.query_and_wait(raw.select(name, export))]
        if not rows:
            raise WarehouseError(
                f"{export.address} has no rows of the last {raw.DAYS} days. Is its endpoint still copied?"
            )
        types = {column.name: column.type or "STRING" for column in export.columns}
        return Mart(types, raw.typed(export, rows))

    def log(self, name: str, run_id: str, export: str, entries: Sequence[dict[str, Any]]) -> None:
        """Append to ops.<name>, once for a run and an export."""
        self.append(f"{LOGS}.{name}", entries, job=f"sheets_sync_{name}_{run_id}_{export}")

    def append(self, table: str, entries: Sequence[dict[str, Any]], job: str) -> None:
        """By a load job: free, without a streaming buffer, and adding the rows once however often they are
        sent as the same `job`. WarehouseError where they cannot be written."""
        try:
            found = self.client.get_table(f"{self.project}.{table}")
            config = bigquery.LoadJobConfig(schema=found.schema, write_disposition="WRITE_APPEND")
            try:
                self.client.load_table_from_json(entries, found, job_id=job, job_config=config).result()
            except Conflict:
                self.client.get_job(job).result()
        except FAILURES as error:
            raise WarehouseError(f"{table} could not be written: {error}") from error

    def rows(
        self, table: str, columns: Sequence[str], where: str, order: str, **parameters: str | datetime
    ) -> list[dict[str, Any]]:
        """Rows as {column: value}. `where` names its parameters as @name. WarehouseError where they cannot
        be read."""
        sql = f"SELECT {', '.join(columns)} FROM `{self.project}.{table}` WHERE {where} ORDER BY {order}"
        typed = [
            bigquery.ScalarQueryParameter(name, PARAMETERS[type(value)], value)
            for name, value in parameters.items()
        ]
        config = bigquery.QueryJobConfig(query_parameters=typed)
        try:
            return [dict(row) for row in self.client.query_and_wait(sql, job_config=config)]
        except FAILURES as error:
            raise WarehouseError(f"{table} could not be read: {error}") from error


def select(name: str, export: Export) -> str:
    """The key ends the order, so that rows which tie in it always come in the same one."""
    order = [f"`{item.column}`{' DESC' if item.descending else ''}" for item in export.order]
    ties = [f"`{column}`" for column in export.key if column not in {item.column for item in export.order}]
    columns = ", ".join(f"`{column}`" for column in export.names)
    return f"SELECT {columns} FROM `{name}` ORDER BY {', '.join([*order, *ties])}"
