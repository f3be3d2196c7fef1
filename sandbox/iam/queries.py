"""The tables that a statement of BigQuery reads and writes, and whether its caller may.

A view is checked with the tables of its query: the caller must read them, unless their dataset authorizes the
view or its dataset: https://cloud.google.com/bigquery/docs/authorized-datasets
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from sqlglot import exp

from sandbox.iam.access import Access
from sandbox.iam.denials import bigquery_message, query_message
from sandbox.iam.policies import BIGQUERY, access_entries

READ, WRITE, CREATE, DROP = (
    f"bigquery.tables.{verb}" for verb in ("getData", "updateData", "create", "delete")
)
UPDATE = "bigquery.tables.update"
METADATA = ("bigquery.tables.get", "bigquery.tables.list")
ALL_JOBS = "bigquery.jobs.listAll"
Name = tuple[str, str, str]  # project, dataset, table


@dataclass(frozen=True)
class TableAccess:
    """The rights of one caller on tables; raises local-bigquery's error `accessDenied`."""

    access: Access
    caller: str
    decisions: dict[tuple[str, str], bool] = field(default_factory=dict, hash=False)

    def check_statement(self, tree: exp.Expr, context: Any) -> None:
        for view, project, scope in information_schemas(tree, context):
            self.check_metadata(view, project, scope)
        if isinstance(tree, exp.Create | exp.Drop | exp.Alter) and tree.args.get("kind") == "SCHEMA":
            self.check_schema(tree, context)
            return
        target, is_temporary = target_of(tree), tree.find(exp.TemporaryProperty) is not None
        for table, name in tables(tree, context):
            # By identity, not by name: an INSERT that selects from its own target must also be allowed to read it.
            if table is not target:
                self.check_read(name)
            # A temporary table that is being created is in no dataset, so it requires no right on one.
            elif not is_temporary:
                self.check_target(tree, name)

    def check_schema(self, tree: exp.Expr, context: Any) -> None:
        """As the method of the API that does the same: datasets.insert, undelete, delete and patch."""
        target = tree.find(exp.Table)
        assert target is not None
        project = f"projects/{target.catalog or context.project_id}"
        dataset = f"{project}/datasets/{target.db or target.name}"
        if isinstance(tree, exp.Create):
            self.require("bigquery.datasets.create", project)
        if isinstance(tree, exp.Drop):
            self.require("bigquery.datasets.delete", dataset)
        if isinstance(tree, exp.Alter):
            self.require("bigquery.datasets.update", dataset)
        if isinstance(tree, exp.Alter) or tree.meta.get("undrop"):
            self.require("bigquery.datasets.get", dataset)

    def check_target(self, tree: exp.Expr, name: Name) -> None:
        """Required permissions of each kind of statement are concluded from their names: see traps.md."""
        project, dataset, _ = name
        if isinstance(tree, exp.Create):
            self.require(CREATE, f"projects/{project}/datasets/{dataset}")
            return
        permission = DROP if isinstance(tree, exp.Drop) else UPDATE if isinstance(tree, exp.Alter) else WRITE
        self.require(permission, path(name))

    def check_write(self, name: Name) -> None:
        """A destination that is created if it does not exist."""
        project, dataset, _ = name
        self.require(CREATE, f"projects/{project}/datasets/{dataset}")
        self.require(WRITE, path(name))

    def check_metadata(self, view: str, project: str, dataset: str) -> None:
        """https://cloud.google.com/bigquery/docs/information-schema-partitions; __TABLES__ requires the data.

        https://github.com/dbt-labs/dbt-adapters/issues/603: "getData permissions".
        """
        if view.startswith("JOBS"):
            self.require(ALL_JOBS, f"projects/{project}")
            return
        resource = f"projects/{project}/datasets/{dataset}" if dataset else f"projects/{project}"
        for permission in (READ,) if view == "__TABLES__" else METADATA:
            self.require(permission, resource)

    def check_read(self, name: Name) -> None:
        if not self.has(READ, path(name)):
            self.deny(query_message(*name))
        if query := query_of_view(name):
            self.check_view(name, query)

    def check_view(self, view: Name, query: exp.Expr) -> None:
        # Names without a project or dataset are relative to the view, not to the caller's statement.
        for _, name in tables(query, Defaults(view[0], view[1])):
            if authorizes(name, view):
                # The authorization is for this view; one that it reads still needs rights on its own tables.
                if inner := query_of_view(name):
                    self.check_view(name, inner)
            else:
                self.check_read(name)

    def require(self, permission: str, resource: str) -> None:
        if not self.has(permission, resource):
            self.deny(bigquery_message(permission, resource))

    def has(self, permission: str, resource: str) -> bool:
        """A statement often names a table several times, and its policies take milliseconds to read."""
        right = permission, resource
        if right not in self.decisions:
            self.decisions[right] = self.access.allowed(self.caller, permission, f"{BIGQUERY}/{resource}")
        return self.decisions[right]

    def deny(self, message: str) -> None:
        from local_bigquery.errors import BigQueryError

        raise BigQueryError("accessDenied", message)


@dataclass(frozen=True)
class Defaults:
    """What local-bigquery's context states about names without a project or a dataset."""

    project_id: str
    dataset_id: str | None
    temporary: frozenset[str] = frozenset()


def path(name: Name) -> str:
    project, dataset, table = name
    return f"projects/{project}/datasets/{dataset}/tables/{table}"


def target_of(tree: exp.Expr) -> exp.Table | None:
    from local_bigquery.catalog import names

    target: exp.Table | None = names.target(tree)
    return target


def tables(tree: exp.Expr, context: Any) -> Iterator[tuple[exp.Table, Name]]:
    """Stored tables and views in a statement: no names of WITH, no temporary tables, no metadata."""
    from local_bigquery.sql.rules import information_schema
    from local_bigquery.sql.rules.tables import resolve

    ctes = {cte.alias_or_name.casefold() for cte in tree.find_all(exp.CTE)}
    for table in tree.find_all(exp.Table):
        if information_schema._view(table) is None and (name := resolve(table, context, ctes)):
            yield table, name


def information_schemas(tree: exp.Expr, context: Any) -> Iterator[tuple[str, str, str]]:
    """View, project and dataset of each INFORMATION_SCHEMA; "" as dataset is a region."""
    from local_bigquery.sql.rules import information_schema

    for table in tree.find_all(exp.Table):
        if (parts := information_schema._view(table)) is not None:
            view, project, scope = parts
            is_region = (scope or "").lower().startswith("region-")
            dataset = "" if is_region else scope or context.dataset_id or ""
            yield view, project or context.project_id, dataset


def query_of_view(name: Name) -> exp.Expr | None:
    from local_bigquery.catalog import metadata
    from local_bigquery.models import Table
    from local_bigquery.sql.translate import parse

    stored = metadata.load(Table, *name)
    if stored is None or not stored.view or not stored.view.query:
        return None
    query: exp.Expr = parse(stored.view.query)[0]
    return query


def authorizes(name: Name, view: Name) -> bool:
    """Whether the dataset of a table lets the view, or all views of its dataset, read it."""
    project, dataset, table = view
    view_reference = {"projectId": project, "datasetId": dataset, "tableId": table}
    dataset_reference = {"projectId": project, "datasetId": dataset}
    return any(
        entry.get("view") == view_reference
        or (
            entry.get("dataset", {}).get("dataset") == dataset_reference
            and "VIEWS" in entry["dataset"].get("targetTypes", [])
        )
        for entry in access_entries(name[0], name[1])
    )
