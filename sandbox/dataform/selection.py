"""Which actions of a compiled graph an invocation runs."""

from collections.abc import Iterable, Mapping

from sandbox.dataform.graph import full_name
from sandbox.resources.errors import InvalidArgument
from sandbox.resources.store import Json


def select_actions(graph: Json, config: Json) -> list[Json]:
    """The actions that an InvocationConfig includes; all when it names neither targets nor tags."""
    actions = {full_name(action["target"]): action for action in runnable(graph)}
    targets = {full_name(target) for target in config.get("includedTargets", [])}
    tags = config.get("includedTags", [])
    if unknown := targets - actions.keys():
        raise InvalidArgument(
            f"includedTargets names {', '.join(sorted(unknown))}; no action has these names."
        )
    tagged = {key for key, action in actions.items() if set(tags) & set(action.get("tags", []))}
    selected = targets | tagged if targets or tags else set(actions)
    # Dependencies may be declarations, which nothing runs.
    upstream = {key: upstream_of(action) & actions.keys() for key, action in actions.items()}
    downstream = {key: {other for other in actions if key in upstream[other]} for key in actions}
    included = set(selected)
    if config.get("transitiveDependenciesIncluded"):
        included |= reachable(selected, upstream)
    if config.get("transitiveDependentsIncluded"):
        included |= reachable(selected, downstream)
    return [action for key, action in actions.items() if key in included]


def runnable(graph: Json) -> list[Json]:
    return [action for kind in ("tables", "operations", "assertions") for action in graph.get(kind, [])]


def upstream_of(action: Json) -> set[str]:
    return {full_name(target) for target in action.get("dependencyTargets", [])}


def reachable(start: Iterable[str], edges: Mapping[str, set[str]]) -> set[str]:
    reached: set[str] = set()
    pending = set(start)
    while pending:
        reached |= pending
        pending = {target for key in pending for target in edges[key]} - reached
    return reached
