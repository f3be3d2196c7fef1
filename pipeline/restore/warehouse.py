"""Tables and queries of BigQuery, as a restore needs them."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from google.api_core.exceptions import ClientError

from pipeline.restore.errors import RestoreFailed, UnknownOutcome
from runtime.errors import describe_error
from runtime.google_errors import CLIENT_ERRORS

DATASETS = ("ods", "dmt")
DEFAULT_TRAVEL_HOURS = 168  # https://cloud.google.com/bigquery/docs/time-travel


class Client(Protocol):
    """google.cloud.bigquery.Client."""

    def query_and_wait(self, query: str) -> Iterable[Mapping[str, Any]]: ...
    def list_tables(self, dataset: str) -> Iterable[Any]: ...
    def get_table(self, table: Any) -> Any: ...
    def get_dataset(self, dataset_ref: str) -> Any: ...


@dataclass(frozen=True)
class Table:
    """`partition` is the column of days, or None; `range_column` that of a range of numbers, or None."""

    name: str  # dataset.table
    columns: tuple[str, ...]
    created: datetime
    modified: datetime
    partition: str | None
    partition_type: str | None
    range_column: str | None


@dataclass(frozen=True)
class Warehouse:
    client: Client

    def rows(self, sql: str) -> list[Mapping[str, Any]]:
        """The answer to a query, which changes nothing; RestoreFailed with BigQuery's reason."""
        try:
            return list(self.client.query_and_wait(sql))
        except CLIENT_ERRORS as error:
            raise RestoreFailed(
                f"a query of BigQuery failed, and no table was changed: {describe_error(error)}"
            ) from error

    def write(self, script: str) -> None:
        """Run a script of one transaction; RestoreFailed if it was rolled back, or UnknownOutcome."""
        try:
            list(self.client.query_and_wait(script))
        except ClientError as error:
            raise RestoreFailed(
                f"BigQuery rolled the transaction back; no table was changed: {error}"
            ) from error
        except CLIENT_ERRORS as error:
            # The answer can be lost after the commit.
            raise UnknownOutcome(
                f"the outcome of the transaction is unknown ({describe_error(error)}); it writes all tables or none. "
                "Run the same command again: it writes only what is missing."
            ) from error

    def tables(self, dataset: str) -> list[Table]:
        """The tables of a dataset, without views and without the locks of Dataform's scripts."""
        listed = [item for item in self.client.list_tables(dataset) if item.table_type == "TABLE"]
        return [
            describe(self.client.get_table(item.reference))
            for item in listed
            # Restoring a lock would undo the update by which this transaction holds it.
            if not item.table_id.startswith("lock_")
        ]

    def locks(self) -> list[str]:
        listed = [item.table_id for item in self.client.list_tables("ods")]
        return sorted(f"ods.{name}" for name in listed if name.startswith("lock_"))

    def travel_hours(self) -> int:
        """How far back every dataset can be read."""
        resources = [self.client.get_dataset(name).to_api_repr() for name in DATASETS]
        # The shorter one: a restore of one dataset without the other would mix two moments.
        return min(int(each.get("maxTimeTravelHours") or DEFAULT_TRAVEL_HOURS) for each in resources)


def describe(table: Any) -> Table:
    days, numbers = table.time_partitioning, table.range_partitioning
    types = {field.name: field.field_type for field in table.schema}
    return Table(
        f"{table.dataset_id}.{table.table_id}",
        tuple(types),
        table.created,
        table.modified,
        days.field if days else None,
        types.get(days.field) if days else None,
        numbers.field if numbers else None,
    )
