"""Tables of the live warehouse and their clones, described by BigQuery."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from pipeline.rehearse.errors import QueryRefused
from pipeline.rehearse.models import SUFFIX
from runtime.google_errors import CLIENT_ERRORS

CLONED = ("ods", "dmt")
WRITTEN = (*CLONED, "assertions")
# Rows about runs and not about the business: they differ after every run.
BOOKKEEPING = ("checkpoints", "file_reads", "lock_")
LINEAGE = "SYS_"  # begins columns with file and time of a row, which change when a file is read again


class Client(Protocol):
    """google.cloud.bigquery.Client."""

    def query_and_wait(self, query: str) -> Iterable[Mapping[str, Any]]: ...
    def list_tables(self, dataset: str) -> Iterable[Any]: ...
    def get_table(self, table: Any) -> Any: ...
    def delete_table(self, table: Any, *, not_found_ok: bool) -> None: ...


@dataclass(frozen=True)
class Table:
    """`columns`: type by name. `day`: an SQL expression, "" for a table without days.

    `where`: a condition that every row fulfils, and that filters the partitions if the table has some.
    `query`: of a view, on tables as of one moment; "" for a table.
    """

    name: str  # dataset.table
    columns: Mapping[str, str]
    day: str
    where: str
    query: str = ""


def rehearsed(dataset: str) -> str:
    return f"{dataset}_{SUFFIX}"


def clone_of(name: str) -> str:
    """The table of the rehearsal that stands for `name` (dataset.table)."""
    dataset, _, table = name.partition(".")
    return f"{rehearsed(dataset)}.{table}"


@dataclass(frozen=True)
class Warehouse:
    client: Client

    def rows(self, sql: str) -> list[Mapping[str, Any]]:
        """QueryRefused with BigQuery's reason."""
        try:
            return list(self.client.query_and_wait(sql))
        except CLIENT_ERRORS as error:
            raise QueryRefused(f"BigQuery refused a statement of the rehearsal: {error}") from error

    def tables(self, *, cloned: bool) -> dict[str, Table]:
        """By their names in the live warehouse: the live tables, or those of the rehearsal."""
        tables = {}
        for base in CLONED:
            for item in self.client.list_tables(rehearsed(base) if cloned else base):
                if item.table_type == "TABLE" and not item.table_id.startswith(BOOKKEEPING):
                    table = describe(f"{base}.{item.table_id}", self.client.get_table(item.reference))
                    if table is not None:
                        tables[table.name] = table
        return tables

    def indexes(self) -> set[str]:
        """Live tables that are not compared: a clone of one may have lost what it is recognized by."""
        every = {f"{base}.{item.table_id}" for base in CLONED for item in self.client.list_tables(base)}
        return every - self.tables(cloned=False).keys()

    def drop_clones(self) -> int:
        """How many tables and views were in the datasets of the rehearsal."""
        items = [item for base in WRITTEN for item in self.client.list_tables(rehearsed(base))]
        for item in items:
            self.client.delete_table(item.reference, not_found_ok=True)
        return len(items)


def describe(name: str, resource: Any) -> Table | None:
    """None for an index of keys, which is partitioned by ranges of numbers and follows from its table."""
    if resource.range_partitioning:
        return None
    types = {field.name: field.field_type for field in resource.schema}
    partition = resource.time_partitioning.field if resource.time_partitioning else None
    dates = [column for column, kind in types.items() if kind == "DATE"]
    column = partition or ("day" if "day" in dates else None)
    day = "" if column is None else column if types[column] == "DATE" else f"date({column})"
    return Table(name, types, day, f"{day} >= date '0001-01-01'" if partition else "true")
