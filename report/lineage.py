"""From file to sheet: which table is made of which, and how each is doing, from the compiled graph."""

from collections.abc import Iterable
from dataclasses import dataclass

from report.night import Model, Night

LAYERS = ("source", "raw", "ods", "dmt", "sheet")
BROKEN = {"error": "failed", "warning": "unusual", "info": "changed"}


@dataclass(frozen=True)
class Node:
    """`state` in words: ok, failed, unusual or changed."""

    layer: str
    name: str
    reads: tuple[str, ...]
    state: str


def build_lineage(night: Night) -> dict[str, list[Node]]:
    """The nodes of each layer. Tables that nothing of dmt or of a sheet needs, such as checkpoints, are left out."""
    models = {model.name: model for model in night.models}
    edges: list[tuple[str, str, tuple[str, ...]]]
    # With a prefix, as a source and a sheet may have the name of a table.
    edges = [(f"source {name}", "source", ()) for name in sorted(night.endpoints)]
    raw: dict[str, tuple[str, ...]] = {}
    for name, table in sorted(night.endpoints.items()):
        # The declarations, not the graph: Dataform has no record of what fills raw.
        raw[table] = (*raw.get(table, ()), name)
    edges += [(table, "raw", sources) for table, sources in sorted(raw.items())]
    for name in sorted(needed(models, night.exports.values())):
        layer = name.split(".")[0]
        if layer in ("ods", "dmt") and name in models:
            reads = tuple(read for read in models[name].reads if read in raw or is_shown(read, models))
            edges.append((name, layer, reads))
    edges += [(f"sheet {name}", "sheet", (table,)) for name, table in sorted(night.exports.items())]
    states = find_states(night)
    nodes = [
        Node(layer, name.removeprefix("source "), reads, states.get(name.removeprefix("source "), "ok"))
        for name, layer, reads in edges
    ]
    return {layer: [node for node in nodes if node.layer == layer] for layer in LAYERS}


def is_shown(name: str, models: dict[str, Model]) -> bool:
    return name in models and not is_bookkeeping(name)


def is_bookkeeping(name: str) -> bool:
    """Whether a table of ods is for the scripts of other tables and not for readers."""
    return any(word in name for word in ("checkpoints", "file_reads", "sales_days", "lock_"))


def needed(models: dict[str, Model], tables: Iterable[str]) -> set[str]:
    """Everything that `tables` and the marts are made of."""
    waiting = [*tables, *(name for name in models if name.startswith("dmt."))]
    collected: set[str] = set()
    while waiting:
        name = waiting.pop()
        # `collected` also ends the walk where two tables are made of the same one.
        if name in models and name not in collected and is_shown(name, models):
            collected.add(name)
            waiting += models[name].reads
    return collected


def find_states(night: Night) -> dict[str, str]:
    """The worst finding of last night about each subject, in words."""
    states: dict[str, str] = {}
    for finding in reversed(night["findings"]):  # the list is sorted, the worst first
        if finding["state"] != "recovered":
            states[finding["subject"]] = BROKEN[finding["severity"]]
    return states
