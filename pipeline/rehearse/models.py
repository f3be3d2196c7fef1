"""The actions of a compiled candidate, by their names in the live warehouse."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from google.cloud import dataform_v1 as api

from pipeline.rehearse.errors import NotSeparate

SUFFIX = "rehearsal"  # of the datasets that the candidate was compiled for
KEY = "Key."  # in the description of each column of a key


@dataclass(frozen=True)
class Model:
    """`code` is compared with that of the live release; `columns` are empty for an operation.

    `is_table`: it has rows of its own, unlike a view (`is_view`), an assertion or an operation.
    """

    name: str  # dataset.table, without the suffix
    target: api.Target
    code: str
    is_table: bool
    is_view: bool = False
    columns: frozenset[str] = frozenset()
    key: tuple[str, ...] = ()
    follows: frozenset[str] = field(default=frozenset())


def read_models(actions: Iterable[api.CompilationResultAction]) -> dict[str, Model]:
    """By name; what is not executed, such as a declaration, is left out."""
    models = [describe(action) for action in actions if is_executed(action)]
    return {model.name: model for model in models}


def check_candidate(models: Iterable[Model]) -> None:
    """NotSeparate if it would write a dataset that is not one of the rehearsal's."""
    others = {model.target.schema for model in models if not model.target.schema.endswith(f"_{SUFFIX}")}
    if others:
        raise NotSeparate(
            f"the candidate writes {', '.join(sorted(others))}: compile it with the schema suffix {SUFFIX}, as "
            "python -m scripts.rehearse --env ENV does. Nothing was changed."
        )


def is_executed(action: api.CompilationResultAction) -> bool:
    for kind in (action.relation, action.operations, action.assertion):
        if kind:
            return not kind.disabled
    return False


def describe(action: api.CompilationResultAction) -> Model:
    executed = action.relation or action.operations or action.assertion
    relation = action.relation
    columns = [(column.path[0], column.description) for column in relation.relation_descriptor.columns]
    kinds = api.CompilationResultAction.Relation.RelationType
    return Model(
        short_name(action.target),
        action.target,
        without_suffix(code_of(action)),
        relation.relation_type in (kinds.TABLE, kinds.INCREMENTAL_TABLE),
        relation.relation_type == kinds.VIEW,
        frozenset(name for name, _ in columns),
        tuple(name for name, text in columns if KEY in text),
        frozenset(short_name(target) for target in executed.dependency_targets),
    )


def code_of(action: api.CompilationResultAction) -> str:
    """Everything that decides about the rows; not descriptions, labels and tags."""
    relation, incremental = action.relation, action.relation.incremental_table_config
    parts = [
        relation.select_query,
        *relation.pre_operations,
        *relation.post_operations,
        relation.partition_expression,
        *relation.cluster_expressions,
        incremental.incremental_select_query,
        *incremental.incremental_pre_operations,
        *incremental.incremental_post_operations,
        *action.operations.queries,
        action.assertion.select_query,
    ]
    return "\n".join(parts)


def changed_models(candidate: Mapping[str, Model], live: Mapping[str, Model]) -> list[Model]:
    """Tables and views whose code differs, or which are new."""
    return [
        model
        for name, model in candidate.items()
        if (model.is_table or model.is_view) and (name not in live or live[name].code != model.code)
    ]


def with_dependents(models: Mapping[str, Model], changed: Iterable[Model]) -> set[str]:
    """Names of `changed` and of every model that follows one of them."""
    names = {model.name for model in changed}
    while True:
        more = {name for name, model in models.items() if model.follows & names}
        if more <= names:
            return names
        names |= more


def short_name(target: api.Target) -> str:
    return f"{target.schema.removesuffix(f'_{SUFFIX}')}.{target.name}"


def without_suffix(text: str) -> str:
    return text.replace(f"_{SUFFIX}.", ".")
