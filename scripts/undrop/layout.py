"""How a table is created. Time travel returns rows and columns, but no partitions:
https://cloud.google.com/bigquery/docs/restore-deleted-tables
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from google.cloud import dataform_v1 as api

TABLES = (
    api.CompilationResultAction.Relation.RelationType.TABLE,
    api.CompilationResultAction.Relation.RelationType.INCREMENTAL_TABLE,
)
Owner = Literal["model", "operation", "terraform"]


@dataclass(frozen=True)
class Layout:
    """`owner`: what creates the table. `clauses`: of its CREATE TABLE, for a model, whose action is in `actions`."""

    owner: Owner
    target: api.Target | None = None
    clauses: str = ""
    actions: tuple[api.CompilationResultAction, ...] = ()


def find_layout(actions: Iterable[api.CompilationResultAction], table: str) -> Layout:
    """`table` is dataset.table; one that the live release does not write is Terraform's."""
    for action in actions:
        if f"{action.target.schema}.{action.target.name}" == table:
            if action.relation.relation_type in TABLES:
                return Layout("model", action.target, clauses_of(action.relation), (action,))
            if action.operations.has_output:
                return Layout("operation", action.target)
    return Layout("terraform")


def clauses_of(relation: api.CompilationResultAction.Relation) -> str:
    clauses = []
    if relation.partition_expression:
        clauses.append(f"partition by {relation.partition_expression}")
    if relation.cluster_expressions:
        clauses.append(f"cluster by {', '.join(relation.cluster_expressions)}")
    if relation.require_partition_filter:
        clauses.append("options(require_partition_filter = true)")
    return " ".join(clauses)
