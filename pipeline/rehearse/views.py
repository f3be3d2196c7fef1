"""Views of the live warehouse, and those of the rehearsal, which read clones.

The past of a view is its query on tables as of the moment: BigQuery documents FOR SYSTEM_TIME AS OF for tables
(https://cloud.google.com/bigquery/docs/access-historical-data), and this way no row that arrives later counts.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from pipeline.rehearse.tables import CLONED, Table, Warehouse, describe, rehearsed
from runtime.clones import as_of

# Dataform and Terraform write full names in queries of views, in one pair of backticks.
NAME = re.compile(r"`([\w-]+)\.(\w+)\.(\w+)`")


@dataclass(frozen=True)
class Views:
    warehouse: Warehouse

    def live(self, moment: datetime, tables: Mapping[str, Table]) -> dict[str, Table]:
        """By name, with their queries as of the moment; `tables`: those that they may read."""
        resources = self.resources(cloned=False)
        queries = {name: str(resource.view_query) for name, resource in resources.items()}
        return {
            name: replace(
                self.describe(name, resource, tables, queries), query=past_query(name, queries, moment)
            )
            for name, resource in resources.items()
        }

    def cloned(self, tables: Mapping[str, Table]) -> dict[str, Table]:
        resources = self.resources(cloned=True)
        queries = {name: without_suffix(resource.view_query) for name, resource in resources.items()}
        return {name: self.describe(name, resource, tables, queries) for name, resource in resources.items()}

    def resources(self, *, cloned: bool) -> dict[str, Any]:
        client = self.warehouse.client
        return {
            f"{base}.{item.table_id}": client.get_table(item.reference)
            for base in CLONED
            for item in client.list_tables(rehearsed(base) if cloned else base)
            if item.table_type == "VIEW"
        }

    def describe(
        self, name: str, resource: Any, tables: Mapping[str, Table], queries: Mapping[str, str]
    ) -> Table:
        """With the days of a table that it reads, if it has the column of the table's partitions."""
        view = describe(name, resource)
        assert view is not None  # only an index is partitioned by numbers
        for table in tables_of(name, queries, tables):
            column = re.sub(r"^date\((\w+)\)$", r"\1", table.day)
            if column in view.columns:
                return replace(view, day=table.day, where=table.where)
        return view


def tables_of(view: str, queries: Mapping[str, str], tables: Mapping[str, Table]) -> Iterable[Table]:
    """Tables with partitions that it reads, also by way of other views."""
    for _, dataset, table in NAME.findall(queries[view]):
        name = f"{dataset}.{table}"
        if name in queries and name != view:
            yield from tables_of(name, queries, tables)
        elif name in tables and tables[name].where != "true":
            yield tables[name]


def past_query(view: str, queries: Mapping[str, str], moment: datetime) -> str:
    """Its query with a SELECT of the past instead of each table, and with the queries of the views that it reads."""

    def past(match: re.Match[str]) -> str:
        name = f"{match[2]}.{match[3]}"
        if name in queries:
            return f"({past_query(name, queries, moment)})"
        # Rows of other datasets are not part of a release: before and after read them as they are.
        return f"(select * from {match[0]}{as_of(moment)})" if match[2] in CLONED else match[0]

    return NAME.sub(past, queries[view])


def without_suffix(query: str) -> str:
    for base in CLONED:
        query = query.replace(f".{rehearsed(base)}.", f".{base}.")
    return query
