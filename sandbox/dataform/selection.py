"""Which actions of a compiled graph an invocation runs."""

from collections.abc import Iterable, Mapping

from sandbox.dataform.graph import name
from sandbox.resources.errors import InvalidArgument
from sandbox.resources.store import Json


def selected(graph: Json, config: Json) -> list[Json]:
    """What an InvocationConfig includes; all actions when it names neither targets nor tags."""
    actions = {name(action["target"]): action for action in runnable(graph)}
    targets, tags = {name(one) for one in config.get("includedTargets", [])}, config.get("includedTags", [])
    if unknown := targets - actions.keys():
        raise InvalidArgument(f"includedTargets names {', '.join(sorted(unknown))}, which are no actions.")
    tagged = {key for key, action in actions.items() if set(tags) & set(action.get("tags", []))}
    wanted = targets | tagged if targets or tags else set(actions)
    upstream = {key: upstream_of(action) & actions.keys() for key, action in actions.items()}
    downstream = {key: {one for one in actions if key in upstream[one]} for key in actions}
    included = set(wanted)
    if config.get("transitiveDependenciesIncluded"):
        included |= reach(wanted, upstream)
    if config.get("transitiveDependentsIncluded"):
        included |= reach(wanted, downstream)
    return [action for key, action in actions.items() if key in included]


def runnable(graph: Json) -> list[Json]:
    return [action for kind in ("tables", "operations", "assertions") for action in graph.get(kind, [])]


def upstream_of(action: Json) -> set[str]:
    return {name(target) for target in action.get("dependencyTargets", [])}


def reach(start: Iterable[str], edges: Mapping[str, set[str]]) -> set[str]:
    reached: set[str] = set()
    ahead = set(start)
    while ahead:
        reached |= ahead
        ahead = {one for key in ahead for one in edges[key]} - reached
    return reached
