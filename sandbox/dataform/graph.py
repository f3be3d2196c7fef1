"""A compiled graph, as the CLI prints it, in the API's words."""

from collections.abc import Callable, Mapping
from typing import Any

from google.cloud.dataform_v1.types import dataform as api

Graph = Mapping[str, Any]
Action = Mapping[str, Any]
Relation = api.CompilationResultAction.Relation

RELATION_TYPES = {
    "TABLE": Relation.RelationType.TABLE,
    "VIEW": Relation.RelationType.VIEW,
    "INCREMENTAL": Relation.RelationType.INCREMENTAL_TABLE,
}


def compilation_errors(graph: Graph) -> list[api.CompilationResult.CompilationError]:
    return [
        api.CompilationResult.CompilationError(
            message=error.get("message", ""),
            stack=error.get("stack", ""),
            path=error.get("fileName", ""),
            action_target=target(error["actionTarget"]) if error.get("actionTarget") else None,
        )
        for error in graph.get("graphErrors", {}).get("compilationErrors", [])
    ]


def described(graph: Graph) -> list[api.CompilationResultAction]:
    """Every action, declarations too."""
    return [
        api.CompilationResultAction(
            target=target(action["target"]),
            canonical_target=target(action.get("canonicalTarget", action["target"])),
            file_path=action.get("fileName", ""),
            **{field: made(action)},
        )
        for kind, field, made in KINDS
        for action in graph.get(kind, [])
    ]


def relation(action: Action) -> Relation:
    bigquery = action.get("bigquery", {})
    made = Relation(
        **common(action),
        relation_type=RELATION_TYPES[action["enumType"]],
        select_query=action.get("query", ""),
        pre_operations=action.get("preOps", []),
        post_operations=action.get("postOps", []),
        partition_expression=bigquery.get("partitionBy", ""),
        cluster_expressions=bigquery.get("clusterBy", []),
        require_partition_filter=bigquery.get("requirePartitionFilter", False),
    )
    if bigquery.get("materialized"):
        made.relation_type = Relation.RelationType(Relation.RelationType.MATERIALIZED_VIEW)
    if action["enumType"] == "INCREMENTAL":
        made.incremental_table_config = Relation.IncrementalTableConfig(
            incremental_select_query=action.get("incrementalQuery", ""),
            refresh_disabled=action.get("protected", False),
            unique_key_parts=action.get("uniqueKey", []),
            update_partition_filter=bigquery.get("updatePartitionFilter", ""),
            incremental_pre_operations=action.get("incrementalPreOps", []),
            incremental_post_operations=action.get("incrementalPostOps", []),
        )
    return made


def operations(action: Action) -> api.CompilationResultAction.Operations:
    return api.CompilationResultAction.Operations(
        **common(action), queries=action.get("queries", []), has_output=action.get("hasOutput", False)
    )


def assertion(action: Action) -> api.CompilationResultAction.Assertion:
    parent = action.get("parentAction")
    return api.CompilationResultAction.Assertion(
        **common(action),
        select_query=action.get("query", ""),
        parent_action=target(parent) if parent else None,
    )


def common(action: Action) -> dict[str, Any]:
    return {
        "dependency_targets": [target(other) for other in action.get("dependencyTargets", [])],
        "disabled": action.get("disabled", False),
        "tags": action.get("tags", []),
    }


def target(spoken: Mapping[str, str]) -> api.Target:
    return api.Target(database=spoken.get("database", ""), schema=spoken["schema"], name=spoken["name"])


def declaration(action: Action) -> api.CompilationResultAction.Declaration:
    return api.CompilationResultAction.Declaration()


# The CLI's list, the field of CompilationResultAction, and what fills it.
KINDS: tuple[tuple[str, str, Callable[[Action], Any]], ...] = (
    ("tables", "relation", relation),
    ("operations", "operations", operations),
    ("assertions", "assertion", assertion),
    ("declarations", "declaration", declaration),
)


def name(spoken: Mapping[str, str]) -> str:
    return ".".join(part for part in (spoken.get("database"), spoken["schema"], spoken["name"]) if part)
