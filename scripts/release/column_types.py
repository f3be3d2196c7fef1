"""Types of the columns that each model of a compilation result would have, resolved by GoogleSQL's own analyzer.

Compiled models name columns but no types, and a dry run in BigQuery resolves no script with temporary tables.
"""

from collections.abc import Iterable

from google.api_core.exceptions import NotFound
from google.cloud import bigquery
from google.cloud import dataform_v1 as api

from runtime.delivery import ReleaseError
from scripts.sql_analysis.analyzer import Columns, GoogleSql, SqlError, type_from_field
from scripts.sql_analysis.statements import concatenate, statements

VIEW = api.CompilationResultAction.Relation.RelationType.VIEW


def resolve_columns(
    warehouse: bigquery.Client, actions: Iterable[api.CompilationResultAction]
) -> dict[str, Columns]:
    """Columns by `project.dataset.table`, of sources as they are stored; ReleaseError for SQL that is invalid."""
    ordered = order_by_dependency([action for action in actions if "assertion" not in action])
    analyzer = GoogleSql()
    for action in ordered:
        name = name_of(action.target)
        try:
            if "declaration" in action:
                analyzer.tables[name] = read_types(warehouse, name)
            else:
                analyzer.script(declaring_statements(creating_script(action)))
        except SqlError as error:
            raise ReleaseError(
                f"{name}: the SQL is invalid; the live release is unchanged: {error}"
            ) from error
    return analyzer.tables


def read_types(warehouse: bigquery.Client, name: str) -> Columns:
    """Of a stored table; ReleaseError if it does not exist."""
    try:
        schema = warehouse.get_table(name).schema
    except NotFound as error:
        raise ReleaseError(
            f"the source {name} does not exist, and its models would fail: run "
            "python -m scripts.deploy apply --env ENV first."
        ) from error
    return {field.name: type_from_field(field.to_api_repr()) for field in schema}


def name_of(target: api.Target) -> str:
    return f"{target.database}.{target.schema}.{target.name}"


def creating_script(action: api.CompilationResultAction) -> str:
    """What a full refresh runs, as tests/dataform/engines/scripts.py compares it with Dataform's own."""
    if "operations" in action:
        return ";\n".join(action.operations.queries)
    name = name_of(action.target)
    relation = action.relation
    if relation.relation_type == VIEW:
        return f"create or replace view `{name}` as {relation.select_query}"
    main = f"create or replace table `{name}` as {relation.select_query}"
    return concatenate(*relation.pre_operations, main, *relation.post_operations)


def declaring_statements(script: str) -> str:
    """Only these decide on types; each of the others would take the analyzer another 40 ms."""
    kinds = ("declare", "create")
    texts = [part.text for part in statements(script) if part.text.lower().startswith(kinds)]
    return concatenate(*texts)


def dependencies(action: api.CompilationResultAction) -> set[str]:
    kinds = ("relation", "operations")
    return {
        name_of(target)
        for kind in kinds
        if kind in action
        for target in getattr(action, kind).dependency_targets
    }


def order_by_dependency(actions: list[api.CompilationResultAction]) -> list[api.CompilationResultAction]:
    """Each action after those that it reads. Compilation has refused cycles."""
    waiting = {name_of(action.target): action for action in actions}
    ordered: list[api.CompilationResultAction] = []
    while waiting:
        ready = [name for name, action in waiting.items() if not dependencies(action) & waiting.keys()]
        ordered += [waiting.pop(name) for name in ready]
    return ordered
