"""The incremental tables of the live release."""

from dataclasses import dataclass

from google.cloud import dataform_v1 as api

from scripts.refresh import RefreshError

INCREMENTAL = api.CompilationResultAction.Relation.RelationType.INCREMENTAL_TABLE
RAW = "raw"


@dataclass(frozen=True)
class Table:
    """`reads_raw`: it follows the load time of raw rows; otherwise the days that another table changed."""

    action: api.CompilationResultAction
    reads_raw: bool

    @property
    def target(self) -> api.Target:
        return self.action.target

    @property
    def name(self) -> str:
        return f"{self.target.schema}.{self.target.name}"


def read_tables(client: api.DataformClient, compilation_result: str) -> dict[str, Table]:
    """By `dataset.table`."""
    actions = client.query_compilation_result_actions({"name": compilation_result})
    tables = [
        Table(action, any(target.schema == RAW for target in action.relation.dependency_targets))
        for action in actions
        # Views and other tables are written as a whole by every run.
        if action.relation.relation_type == INCREMENTAL
    ]
    return {table.name: table for table in tables}


def find_table(tables: dict[str, Table], name: str) -> Table:
    """RefreshError with the tables that can be refreshed."""
    if name not in tables:
        raise RefreshError(
            f"invalid --table '{name}': expected an incremental table: {', '.join(sorted(tables))}."
        )
    return tables[name]
