"""The cells of a tab that differ from what it should show, as rectangles. Pure."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import zip_longest

from sheets_sync.destinations.sheets.values import Cell, same

type Rows = Sequence[Sequence[Cell]]  # may be ragged: a cell that is not there is blank
type Span = tuple[int, int]  # columns [start, end)


@dataclass(frozen=True)
class Block:
    """Cells to write, from (row, column) on, counted from 0."""

    row: int
    column: int
    cells: tuple[tuple[Cell, ...], ...]

    @property
    def height(self) -> int:
        return len(self.cells)

    @property
    def width(self) -> int:
        return len(self.cells[0])


GAP = 2  # cells that are the same and written all the same: two requests would be longer


def blocks(now: Rows, wanted: Rows, width: int, gap: int = 0) -> list[Block]:
    """The fewest rectangles, row by row, that hold every cell that differs in the first `width` columns;
    those that are `gap` cells apart are one."""
    found: list[Block] = []
    open_blocks: dict[Span, list[tuple[Cell, ...]]] = {}
    for row, (have, want) in enumerate(zip_longest(now, wanted, fillvalue=())):
        line = padded(want, width)
        spans = joined(differing(padded(have, width), line), gap)
        for span in [span for span in open_blocks if span not in spans]:
            found.append(closed(row, span, open_blocks.pop(span)))
        for start, end in spans:
            open_blocks.setdefault((start, end), []).append(tuple(line[start:end]))
    last = max(len(now), len(wanted))
    found += [closed(last, span, rows) for span, rows in open_blocks.items()]
    return sorted(found, key=lambda block: (block.row, block.column))


def closed(row: int, span: Span, rows: list[tuple[Cell, ...]]) -> Block:
    return Block(row - len(rows), span[0], tuple(rows))


def differing(now: Sequence[Cell], wanted: Sequence[Cell]) -> Iterator[Span]:
    start = None
    for column, (have, want) in enumerate(zip(now, wanted, strict=True)):
        if same(have, want):
            if start is not None:
                yield start, column
            start = None
        elif start is None:
            start = column
    if start is not None:
        yield start, len(wanted)


def joined(spans: Iterable[Span], gap: int) -> list[Span]:
    found: list[Span] = []
    for start, end in spans:
        if found and start - found[-1][1] <= gap:
            found[-1] = (found[-1][0], end)
        else:
            found.append((start, end))
    return found


def padded(row: Sequence[Cell], width: int) -> list[Cell]:
    return [*row[:width], *[None] * (width - len(row))]
