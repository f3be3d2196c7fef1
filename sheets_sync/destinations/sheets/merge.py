"""One row, cell by cell: the source's value, what was last synced, what stands there now."""

from collections.abc import Sequence
from dataclasses import dataclass

from sheets_sync.destinations.sheets.goal import MARK, Goal, Key
from sheets_sync.destinations.sheets.memory import CELL, Memory, cell_digest, key_digest
from sheets_sync.destinations.sheets.values import Cell, same, spoken


@dataclass(frozen=True)
class Merged:
    """`cells` are to stand there. Places of columns: `written` differ from what stands there now, `drifted`
    were changed by people since the last sync."""

    cells: list[Cell]
    written: list[int]
    drifted: list[int]


def merge(now: Sequence[Cell], wanted: list[Cell], base: Sequence[bytes | None], keep: bool) -> Merged:
    """`base` are digests of what was last synced, None where that is not known."""
    cells, written, drifted = list[Cell](), list[int](), list[int]()
    for place, (have, want) in enumerate(zip(now, wanted, strict=True)):
        if same(have, want):
            cells.append(want)
            continue
        theirs = base[place] is not None and base[place] != cell_digest(have)
        drifted += [place] if theirs else []
        stays = theirs and keep
        written += [] if stays else [place]
        cells.append(have if stays else want)
    return Merged(cells, written, drifted)


def base(goal: Goal, memory: Memory | None, key: Key) -> list[bytes | None]:
    """The digests of a row in the order of the goal's columns; the mark of removed rows is always ours."""
    entry = memory.entries.get(key_digest(key)) if memory else None
    if memory is None or entry is None:
        return [None] * goal.width
    places = {name: at * CELL for at, name in enumerate(memory.columns) if name != MARK}
    return [entry[places[name] : places[name] + CELL] if name in places else None for name in goal.names]


def told(goal: Goal, before: Sequence[Cell], after: Sequence[Cell], places: Sequence[int]) -> str:
    """`Revenue: 12.5 → 13, Note: nothing → late`"""
    said = []
    for place in places[:3]:
        column = goal.columns[place]
        kind = goal.types[column.name]
        said.append(f"{column.header}: {spoken(before[place], kind)} → {spoken(after[place], kind)}")
    more = f" and {len(places) - 3} more" if len(places) > 3 else ""
    return ", ".join(said) + more
