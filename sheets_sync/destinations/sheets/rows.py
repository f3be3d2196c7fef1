"""Rows inserted, deleted and moved whole, so that what people have beside them goes with them. Pure."""

from collections.abc import Sequence

from sheets_sync.destinations.sheets import batch
from sheets_sync.destinations.sheets.batch import Request
from sheets_sync.destinations.sheets.blocks import Block
from sheets_sync.destinations.sheets.diff import Line
from sheets_sync.destinations.sheets.document import Tab
from sheets_sync.destinations.sheets.order import moves, runs

MOST_STEPS = 1_000  # more of them, and the rows are sorted by Sheets instead
ROWS, COLUMNS = "ROWS", "COLUMNS"


def rearranged(tab: Tab, width: int, count: int, lines: Sequence[Line], gone: Sequence[int]) -> list[Request]:
    """What turns `count` rows below the header into `lines`, but for the cells. `width` columns are ours."""
    left = sorted(set(range(count)) - set(gone))
    rank = {line.origin: at for at, line in enumerate(line for line in lines if line.origin is not None)}
    steps = moves([rank[place] for place in left], MOST_STEPS)
    fresh = runs([at for at, line in enumerate(lines) if line.origin is None])
    holes = runs(sorted(gone))
    if steps is None or (lines and len(steps) + len(fresh) + len(holes) > MOST_STEPS):
        return sorted_at_once(tab, width, count, lines)
    spare = 1 + count if not left and holes and tab.rows == 1 + count else None
    return [
        # A grid cannot lose all rows but the frozen one, not even for a moment.
        *([batch.insert(tab.id, ROWS, spare, spare + 1, like_before=True)] if spare else []),
        *(batch.delete(tab.id, ROWS, 1 + start, 1 + end) for start, end in reversed(holes)),
        *(batch.move_rows(tab.id, 1 + step.start, 1 + step.end, 1 + step.to) for step in steps),
        *(batch.insert(tab.id, ROWS, 1 + start, 1 + end, start > 0) for start, end in fresh),
        *([batch.delete(tab.id, ROWS, 1 + len(lines), 2 + len(lines))] if spare and lines else []),
    ]


def sorted_at_once(tab: Tab, width: int, count: int, lines: Sequence[Line]) -> list[Request]:
    """New rows at the end, each row's rank in a column for a moment, one sort; then what goes is last."""
    new = [at for at, line in enumerate(lines) if line.origin is None]
    ranks = {line.origin: at for at, line in enumerate(lines) if line.origin is not None}
    wanted = [ranks.get(place, len(lines)) for place in range(count)] + new
    end = 1 + len(wanted)
    gone = end - 1 - len(lines)
    return [
        *([batch.insert(tab.id, ROWS, 1 + count, end, like_before=True)] if new else []),
        batch.insert(tab.id, COLUMNS, width, width + 1, like_before=True),
        batch.update(tab.id, Block(1, width, tuple((rank,) for rank in wanted))),
        batch.sort(batch.area(tab.id, 1, end, tab.columns + 1), width),
        batch.delete(tab.id, COLUMNS, width, width + 1),
        *([batch.delete(tab.id, ROWS, end - gone, end)] if gone else []),
    ]
