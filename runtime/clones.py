"""Clones of the tables of a dataset. A clone is billed only for what changes in it:
https://cloud.google.com/bigquery/docs/table-clones-intro
"""

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from typing import Any, Protocol


class Client(Protocol):
    """google.cloud.bigquery.Client."""

    def query_and_wait(self, query: str) -> Any: ...
    def list_tables(self, dataset: str) -> Iterable[Any]: ...
    def delete_table(self, table: Any, *, not_found_ok: bool) -> None: ...


def clone_tables(client: Client, source: str, target: str, moment: datetime | None = None) -> Iterator[str]:
    """`dataset.table` of each clone in the dataset `target`, which exists; a table or view of that name is replaced.

    All as of one moment, if one is given. Views have no rows, so the models create them.
    """
    existing = {item.table_id: item.reference for item in client.list_tables(target)}
    for item in client.list_tables(source):
        if item.table_type == "TABLE":
            clone = f"{target}.{item.table_id}"
            # CREATE OR REPLACE refuses a view, and a table with other partitions (dbt-labs/dbt-bigquery#1158).
            if item.table_id in existing:
                client.delete_table(existing[item.table_id], not_found_ok=True)
            client.query_and_wait(f"create table `{clone}` clone `{source}.{item.table_id}`{as_of(moment)}")
            yield clone


def as_of(moment: datetime | None) -> str:
    """The clause of a statement that reads the past; empty without a moment."""
    if moment is None:
        return ""
    return f" for system_time as of timestamp '{moment.astimezone(UTC):%Y-%m-%d %H:%M:%S.%f}+00:00'"
