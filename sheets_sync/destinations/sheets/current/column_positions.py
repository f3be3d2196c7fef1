"""Where the synced columns are now: users may have moved them, or inserted their own between them.

A column is recognised by its header. If the header was renamed too, it is recognised by its values, compared
with the last synced state.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from sheets_sync.destinations.sheets.current.sync_state import CELL_SIZE, SyncState, cell_digest, key_digest
from sheets_sync.destinations.sheets.desired.cells import Cell, Rows
from sheets_sync.destinations.sheets.desired.table import row_key


@dataclass(frozen=True)
class ColumnMove:
    """Columns [start, end) go before column `target`; all are counted before the move."""

    start: int
    end: int
    target: int


def find_positions(
    headers: Sequence[str], columns: Sequence[str], key: Sequence[str], rows: Rows, state: SyncState | None
) -> list[int | None]:
    """The position of each of `headers`; None where it is unknown or ambiguous. `rows` are complete rows."""
    first_row = list(rows[0]) if rows else []
    positions: list[int | None] = [find_header(header, first_row, at) for at, header in enumerate(headers)]
    if state is None or None not in positions:
        return positions
    return find_by_values(positions, columns, key, rows, state)


def find_header(header: str, first_row: Sequence[Cell], last_position: int) -> int | None:
    places = [index for index, value in enumerate(first_row) if value == header]
    if last_position in places:
        return last_position  # users may have copied the column, with its header
    return places[0] if len(places) == 1 else None


def find_by_values(
    positions: list[int | None], columns: Sequence[str], key: Sequence[str], rows: Rows, state: SyncState
) -> list[int | None]:
    """`positions` with the columns whose header was renamed; a part of the key first, if one is missing."""
    result = list(positions)
    places = range(max(map(len, rows), default=0))
    missing_keys = [name for name in key if name in columns and result[columns.index(name)] is None]
    # With two unknown parts of a key, every pair of columns would have to be compared.
    if len(missing_keys) > 1 or not set(key) <= set(columns):
        return result
    for name in missing_keys:
        index = columns.index(name)
        shares = {
            place: share_of_known_keys(
                [*result[:index], place, *result[index + 1 :]], columns, key, rows, state
            )
            for place in places
            if place not in result
        }
        result[index] = only_match(shares)
        if result[index] is None:
            return result
    for index, name in enumerate(columns):
        if result[index] is None and name in state.columns:
            key_places = [result[columns.index(part)] for part in key]
            shares = {
                place: share_of_same_values(place, name, key_places, rows, state)
                for place in places
                if place not in result
            }
            result[index] = only_match(shares)
    return result


def only_match(shares: dict[int, float]) -> int | None:
    """The place that matches in at least half of the rows, if no other does."""
    matches = [place for place, share in shares.items() if share >= 0.5]
    return matches[0] if len(matches) == 1 else None


def share_of_known_keys(
    positions: Sequence[int | None], columns: Sequence[str], key: Sequence[str], rows: Rows, state: SyncState
) -> float:
    places = [positions[columns.index(name)] for name in key]
    keys = [row_key(row, [place for place in places if place is not None]) for row in rows[1:]]
    matches = sum(key_digest(item) in state.entries for item in keys if item)
    return matches / max(1, len(keys))


def share_of_same_values(
    place: int, name: str, key_places: Sequence[int | None], rows: Rows, state: SyncState
) -> float:
    start = state.columns.index(name) * CELL_SIZE
    indexes = [item for item in key_places if item is not None]
    matches = [
        entry[start : start + CELL_SIZE] == cell_digest(row[place] if place < len(row) else None)
        for row in rows[1:]
        if (entry := state.entries.get(key_digest(row_key(row, indexes) or "")))
    ]
    return sum(matches) / max(1, len(matches))


def plan_column_moves(positions: Sequence[int], width: int) -> list[ColumnMove]:
    """Moves that bring the columns at `positions` to the left edge, in this order. `width`: of the grid."""
    order, moves = list(range(width)), list[ColumnMove]()
    for target, position in enumerate(positions):
        start = order.index(position)
        if start == target:
            continue
        end = start + 1
        while (
            end < width
            and target + end - start < len(positions)
            and order[end] == positions[target + end - start]
        ):
            end += 1
        moves.append(ColumnMove(start, end, target))
        block = order[start:end]
        del order[start:end]
        order[target:target] = block
    return moves


def order_after(moves: Sequence[ColumnMove], width: int) -> list[int]:
    """The columns of a grid after `moves`, by their number before."""
    order = list(range(width))
    for move in moves:
        block = order[move.start : move.end]
        del order[move.start : move.end]
        order[move.target : move.target] = block
    return order


def reorder(rows: Rows, positions: Sequence[int]) -> list[list[Cell]]:
    """`rows` with only the columns at `positions`; trailing blank rows are cut."""
    picked = [[row[place] if place < len(row) else None for place in positions] for row in rows]
    while picked and all(cell in (None, "") for cell in picked[-1]):
        picked.pop()
    return picked
