"""Which actions of a compiled graph an invocation runs."""

from collections.abc import Iterable, Mapping

from google.cloud.dataform_v1.types import dataform as api

from sandbox.dataform.errors import InvalidArgument
from sandbox.dataform.graph import Action, Graph, name


def selected(graph: Graph, config: api.InvocationConfig) -> list[Action]:
    """The actions that `config` includes; all of them when it names neither targets nor tags."""
    actions = {name(action["target"]): action for action in runnable(graph)}
    wanted = {".".join((one.database, one.schema, one.name)) for one in config.included_targets}
    if unknown := wanted - actions.keys():
        raise InvalidArgument(f"includedTargets names {', '.join(sorted(unknown))}, which are no actions")
    tags = set(config.included_tags)
    wanted |= {key for key, action in actions.items() if tags & set(action.get("tags", []))}
    if not config.included_targets and not tags:
        wanted = set(actions)
    upstream = {
        key: {name(one) for one in action.get("dependencyTargets", [])} for key, action in actions.items()
    }
    downstream = {key: {one for one in actions if key in upstream[one]} for key in actions}
    included = set(wanted)
    if config.transitive_dependencies_included:
        included |= reach(wanted, upstream)
    if config.transitive_dependents_included:
        included |= reach(wanted, downstream)
    return [action for key, action in actions.items() if key in included]


def reach(start: Iterable[str], edges: Mapping[str, set[str]]) -> set[str]:
    reached: set[str] = set()
    ahead = set(start)
    while ahead:
        reached |= ahead
        ahead = {one for key in ahead for one in edges[key] if one in edges} - reached
    return reached


def runnable(graph: Graph) -> list[Action]:
    return [action for kind in ("tables", "operations", "assertions") for action in graph.get(kind, [])]
