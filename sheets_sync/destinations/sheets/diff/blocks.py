"""Cells of a tab that differ from the desired ones, as rectangles."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import zip_longest

from sheets_sync.destinations.sheets.desired.cells import Cell, Rows, same_value

type ColumnSpan = tuple[int, int]  # columns [start, end)


@dataclass(frozen=True)
class Block:
    """Cells to write, beginning at (row, column), counted from 0."""

    row: int
    column: int
    cells: tuple[tuple[Cell, ...], ...]

    @property
    def height(self) -> int:
        return len(self.cells)

    @property
    def width(self) -> int:
        return len(self.cells[0])


# Equal cells between two differing ones that are written with them: two requests would be longer.
MAX_GAP = 2


def find_blocks(current: Rows, desired: Rows, width: int, gap: int = 0) -> list[Block]:
    """Rectangles that contain every differing cell of the first `width` columns.

    Spans of a row that are at most `gap` cells apart are joined; equal spans of consecutive rows are one block.
    """
    blocks: list[Block] = []
    open_blocks: dict[ColumnSpan, list[tuple[Cell, ...]]] = {}
    for row, (now, new) in enumerate(zip_longest(current, desired, fillvalue=())):
        cells = pad_row(new, width)
        spans = join_spans(differing_spans(pad_row(now, width), cells), gap)
        for span in [span for span in open_blocks if span not in spans]:
            blocks.append(close_block(row, span, open_blocks.pop(span)))
        for start, end in spans:
            open_blocks.setdefault((start, end), []).append(tuple(cells[start:end]))
    last = max(len(current), len(desired))
    blocks += [close_block(last, span, rows) for span, rows in open_blocks.items()]
    return sorted(blocks, key=lambda block: (block.row, block.column))


def close_block(end_row: int, span: ColumnSpan, rows: list[tuple[Cell, ...]]) -> Block:
    return Block(end_row - len(rows), span[0], tuple(rows))


def differing_spans(current: Sequence[Cell], desired: Sequence[Cell]) -> Iterator[ColumnSpan]:
    start = None
    for column, (now, new) in enumerate(zip(current, desired, strict=True)):
        if same_value(now, new):
            if start is not None:
                yield start, column
            start = None
        elif start is None:
            start = column
    if start is not None:
        yield start, len(desired)


def join_spans(spans: Iterable[ColumnSpan], gap: int) -> list[ColumnSpan]:
    joined: list[ColumnSpan] = []
    for start, end in spans:
        if joined and start - joined[-1][1] <= gap:
            joined[-1] = (joined[-1][0], end)
        else:
            joined.append((start, end))
    return joined


def pad_row(row: Sequence[Cell], width: int) -> list[Cell]:
    return [*row[:width], *[None] * (width - len(row))]
