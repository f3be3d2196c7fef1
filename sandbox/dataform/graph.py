"""A compiled graph as the CLI prints it, in the API's words."""

from collections.abc import Callable

from sandbox.resources.store import Json

RELATION_TYPES = {"TABLE": "TABLE", "VIEW": "VIEW", "INCREMENTAL": "INCREMENTAL_TABLE"}


def errors(graph: Json) -> list[Json]:
    """CompilationResult.CompilationError."""
    words = {"message": "message", "stack": "stack", "fileName": "path", "actionTarget": "actionTarget"}
    found = graph.get("graphErrors", {}).get("compilationErrors", [])
    return [{words[word]: value for word, value in error.items() if word in words} for error in found]


def described(graph: Json) -> list[Json]:
    """CompilationResultAction of every action, declarations too."""
    return [
        {
            "target": action["target"],
            "canonicalTarget": action.get("canonicalTarget", action["target"]),
            "filePath": action.get("fileName", ""),
            field: present(made(action)),
        }
        for kind, field, made in KINDS
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
    }


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
    return present(fields)


def operations(action: Json) -> Json:
    return common(action) | {"queries": action.get("queries"), "hasOutput": action.get("hasOutput")}


def assertion(action: Json) -> Json:
    return common(action) | {"selectQuery": action.get("query"), "parentAction": action.get("parentAction")}


def declaration(action: Json) -> Json:
    return {}


def common(action: Json) -> Json:
    return {
        "dependencyTargets": action.get("dependencyTargets"),
        "disabled": action.get("disabled"),
        "tags": action.get("tags"),
    }


def present(fields: Json) -> Json:
    return {name: value for name, value in fields.items() if value}


# The CLI's list, the field of CompilationResultAction, and what fills it.
KINDS: tuple[tuple[str, str, Callable[[Json], Json]], ...] = (
    ("tables", "relation", relation),
    ("operations", "operations", operations),
    ("assertions", "assertion", assertion),
    ("declarations", "declaration", declaration),
)


def name(target: Json) -> str:
    """As the CLI takes it: database.schema.name."""
    return ".".join(target[part] for part in ("database", "schema", "name") if target.get(part))
