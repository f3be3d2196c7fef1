"""Converts a compiled graph, as the CLI prints it, to the API's messages."""

from collections.abc import Callable

from sandbox.resources.store import Json

RELATION_TYPES = {"TABLE": "TABLE", "VIEW": "VIEW", "INCREMENTAL": "INCREMENTAL_TABLE"}


def errors(graph: Json) -> list[Json]:
    """CompilationResult.CompilationError."""
    fields = {"message": "message", "stack": "stack", "fileName": "path", "actionTarget": "actionTarget"}
    compilation_errors = graph.get("graphErrors", {}).get("compilationErrors", [])
    return [
        {fields[field]: value for field, value in error.items() if field in fields}
        for error in compilation_errors
    ]


def describe_actions(graph: Json) -> list[Json]:
    """CompilationResultAction of every action, including declarations."""
    return [
        {
            "target": action["target"],
            "canonicalTarget": action.get("canonicalTarget", action["target"]),
            "filePath": action.get("fileName", ""),
            field: without_empty(convert(action)),
        }
        for kind, field, convert in KINDS
        for action in graph.get(kind, [])
    ]


def relation(action: Json) -> Json:
    bigquery = action.get("bigquery", {})
    materialized = action["enumType"] == "VIEW" and action.get("materialized")
    return common(action) | {
        "relationType": "MATERIALIZED_VIEW" if materialized else RELATION_TYPES[action["enumType"]],
        "selectQuery": action.get("query"),
        "preOperations": action.get("preOps"),
        "postOperations": action.get("postOps"),
        "partitionExpression": bigquery.get("partitionBy"),
        "clusterExpressions": bigquery.get("clusterBy"),
        "requirePartitionFilter": bigquery.get("requirePartitionFilter"),
        "incrementalTableConfig": incremental(action),
        "relationDescriptor": descriptor(action),
    }


def descriptor(action: Json) -> Json | None:
    """RelationDescriptor: the texts of a relation and of its columns."""
    compiled = action.get("actionDescriptor")
    if not compiled:
        return None
    columns = [
        without_empty({key: column.get(key) for key in ("path", "description")})
        for column in compiled.get("columns", [])
    ]
    return without_empty(
        {
            "description": compiled.get("description"),
            "columns": columns,
            "bigqueryLabels": compiled.get("bigqueryLabels"),
        }
    )


def incremental(action: Json) -> Json | None:
    if action["enumType"] != "INCREMENTAL":
        return None
    fields = {
        "incrementalSelectQuery": action.get("incrementalQuery"),
        "refreshDisabled": action.get("protected"),
        "uniqueKeyParts": action.get("uniqueKey"),
        "updatePartitionFilter": action.get("bigquery", {}).get("updatePartitionFilter"),
        "incrementalPreOperations": action.get("incrementalPreOps"),
        "incrementalPostOperations": action.get("incrementalPostOps"),
    }
    return without_empty(fields)


def operations(action: Json) -> Json:
    return common(action) | {"queries": action.get("queries"), "hasOutput": action.get("hasOutput")}


def assertion(action: Json) -> Json:
    return common(action) | {"selectQuery": action.get("query"), "parentAction": action.get("parentAction")}


def declaration(action: Json) -> Json:
    # A declaration has no fields here, but its empty message shows the kind of the action.
    return {}


def common(action: Json) -> Json:
    return {
        "dependencyTargets": action.get("dependencyTargets"),
        "disabled": action.get("disabled"),
        "tags": action.get("tags"),
    }


def without_empty(fields: Json) -> Json:
    # JSON of protobuf omits fields with default values.
    return {name: value for name, value in fields.items() if value}


# The CLI's list, the field of CompilationResultAction, and the function that converts an action to it.
KINDS: tuple[tuple[str, str, Callable[[Json], Json]], ...] = (
    ("tables", "relation", relation),
    ("operations", "operations", operations),
    ("assertions", "assertion", assertion),
    ("declarations", "declaration", declaration),
)


def full_name(target: Json) -> str:
    """database.schema.name, as the CLI accepts it."""
    return ".".join(target[part] for part in ("database", "schema", "name") if target.get(part))
