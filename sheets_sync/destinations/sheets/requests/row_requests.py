"""Requests that insert, delete and move whole rows, so that users' cells beside a row stay with it."""

from collections.abc import Sequence
from itertools import chain

from sheets_sync.destinations.sheets.current.document import Tab
from sheets_sync.destinations.sheets.diff.blocks import Block
from sheets_sync.destinations.sheets.diff.compare import ResultRow
from sheets_sync.destinations.sheets.diff.minimal_moves import group_consecutive, plan_moves
from sheets_sync.destinations.sheets.requests import batch
from sheets_sync.destinations.sheets.requests.batch import COLUMNS, ROWS, Request

MAX_STEPS = 1_000  # with more steps, Sheets sorts the rows instead


def rearrange_rows(
    tab: Tab, width: int, row_count: int, rows: Sequence[ResultRow], deleted: Sequence[int]
) -> list[Request]:
    """Turn `row_count` rows below the header into `rows`, except for their cells.

    `width` is the number of synced columns.
    """
    remaining = sorted(set(range(row_count)) - set(deleted))
    existing = [row.origin for row in rows if row.origin is not None]
    rank = {origin: at for at, origin in enumerate(existing)}
    moves = plan_moves([rank[index] for index in remaining], MAX_STEPS)
    new = group_consecutive([at for at, row in enumerate(rows) if row.origin is None])
    gaps = group_consecutive(sorted(deleted))
    if moves is None or (rows and len(moves) + len(new) + len(gaps) > MAX_STEPS):
        return sort_at_once(tab, width, row_count, rows)
    # A grid cannot lose all rows but the frozen one, not even within a batch: a spare row stays meanwhile.
    spare = 1 + row_count if not remaining and gaps and tab.rows == 1 + row_count else None
    return [
        *([batch.insert_dimension(tab.id, ROWS, spare, spare + 1, like_before=True)] if spare else []),
        # From the bottom, because a deletion shifts the indexes of all rows below it.
        *(batch.delete_dimension(tab.id, ROWS, 1 + start, 1 + end) for start, end in reversed(gaps)),
        *(
            batch.move_dimension(tab.id, ROWS, 1 + move.start, 1 + move.end, 1 + move.target)
            for move in moves
        ),
        *chain.from_iterable(insert_rows(tab.id, start, end, len(rows), len(existing)) for start, end in new),
        *([batch.delete_dimension(tab.id, ROWS, 1 + len(rows), 2 + len(rows))] if spare and rows else []),
    ]


def insert_rows(tab: int, start: int, end: int, total: int, existing: int) -> list[Request]:
    """Insert rows [start, end) of `total` below the header, so that ranges that end at the last row grow.

    Sheets extends a named range, chart, filter or pivot table only if rows are inserted inside it. At an edge
    of the rows they are inserted on the inner side of the outermost row, which then moves to the edge again.
    """
    first, last, count = 1 + start, 1 + end, end - start
    is_bottom = end == total and start > 0
    is_top = start == 0 and existing > 1
    if is_bottom:
        return [
            batch.insert_dimension(tab, ROWS, first - 1, last - 1, like_before=False),
            batch.move_dimension(tab, ROWS, last - 1, last, first - 1),
        ]
    if is_top:
        return [
            batch.insert_dimension(tab, ROWS, 2, 2 + count, like_before=True),
            batch.move_dimension(tab, ROWS, 1, 2, 2 + count),
        ]
    return [batch.insert_dimension(tab, ROWS, first, last, start > 0)]


def sort_at_once(tab: Tab, width: int, row_count: int, rows: Sequence[ResultRow]) -> list[Request]:
    """Insert the new rows, write each row's rank into a temporary column, sort by it, delete the last rows."""
    new = [at for at, row in enumerate(rows) if row.origin is None]
    rank = {row.origin: at for at, row in enumerate(rows) if row.origin is not None}
    # Rows to be deleted get the highest rank.
    ranks = [rank.get(index, len(rows)) for index in range(row_count)]
    # New rows go before the last one, so that ranges which end at it contain them.
    inner = max(0, row_count - 1)
    ranks[inner:inner] = new
    first, end = 1 + inner, 1 + len(ranks)
    surplus = end - 1 - len(rows)
    return [
        *(
            [batch.insert_dimension(tab.id, ROWS, first, first + len(new), first > 1 or not row_count)]
            if new
            else []
        ),
        batch.insert_dimension(tab.id, COLUMNS, width, width + 1, like_before=True),
        batch.update_cells(tab.id, Block(1, width, tuple((number,) for number in ranks))),
        # Across all columns of the tab, so that users' cells beside a row move with it.
        batch.sort_rows(batch.grid_range(tab.id, 1, end, tab.columns + 1), width),
        batch.delete_dimension(tab.id, COLUMNS, width, width + 1),
        *([batch.delete_dimension(tab.id, ROWS, end - surplus, end)] if surplus else []),
    ]
