"""References inside formulas, and how they follow when rows, columns or the formula itself move."""

import re
from collections.abc import Callable
from dataclasses import dataclass

from sandbox.sheets.edits import Edit
from sandbox.sheets.grid import ROWS
from sandbox.sheets.ranges import Area, column_index, column_letters

ADDRESS = r"\$?[A-Za-z]{1,3}\$?[1-9][0-9]*"
COLUMN = r"\$?[A-Za-z]{1,3}"
# Texts are the first alternative, so that an address inside of one is not a reference.
REFERENCE = re.compile(
    rf"(?P<text>\"(?:[^\"]|\"\")*\")|(?:(?P<tab>'(?:[^']|'')+'|[A-Za-z_]\w*)!)?"
    rf"(?<![\w$])(?P<first>{ADDRESS}|{COLUMN}(?=:{COLUMN}(?![\w$])))(?::(?P<last>{ADDRESS}|{COLUMN}))?(?![\w(!])"
)
CORNER = re.compile(r"(\$?)([A-Za-z]{1,3})(?:(\$?)([1-9][0-9]*))?")
LOST = "#REF!"


@dataclass(frozen=True)
class Corner:
    """One end of a reference; a whole column has row None."""

    column: int
    row: int | None
    fixed_column: bool = False
    fixed_row: bool = False

    def __str__(self) -> str:
        letters = ("$" if self.fixed_column else "") + column_letters(self.column)
        return letters if self.row is None else f"{letters}{'$' if self.fixed_row else ''}{self.row + 1}"

    def placed(self, dimension: str, index: int) -> "Corner":
        if dimension == ROWS:
            return Corner(self.column, index, self.fixed_column, self.fixed_row)
        return Corner(index, self.row, self.fixed_column, self.fixed_row)


def corner(text: str) -> Corner:
    match = CORNER.fullmatch(text)
    assert match, text
    row = int(match[4]) - 1 if match[4] else None
    return Corner(column_index(match[2]), row, bool(match[1]), bool(match[3]))


def area(first: str, last: str | None) -> Area:
    """The area that a reference names; whole columns have an open end."""
    start, end = corner(first), corner(last or first)
    first_column, right = sorted((start.column, end.column))
    if start.row is None or end.row is None:
        return Area(start.row or 0, first_column, None, right + 1)
    top, bottom = sorted((start.row, end.row))
    return Area(top, first_column, bottom + 1, right + 1)


def tab_title(match: re.Match[str]) -> str | None:
    """The tab of a reference, unquoted; None for the tab of the formula."""
    return match["tab"].strip("'").replace("''", "'") if match["tab"] else None


def replaced(formula: str, change: Callable[[re.Match[str]], str]) -> str:
    return REFERENCE.sub(lambda match: match[0] if match["text"] else change(match), formula)


def followed(formula: str, concerns: Callable[[str | None], bool], dimension: str, edit: Edit) -> str:
    """The formula after `edit` in the tab that `concerns` recognises."""

    def change(match: re.Match[str]) -> str:
        if not concerns(tab_title(match)):
            return match[0]
        ends = [corner(match[name]) for name in ("first", "last") if match[name]]
        moved = [end.row if dimension == ROWS else end.column for end in ends]
        if None in moved:
            return match[0]
        places = [place for place in moved if place is not None]
        span = edit.span(min(places), max(places) + 1)
        if span is None:
            return LOST
        placed = [end.placed(dimension, at) for end, at in zip(ends, (span[0], span[1] - 1), strict=False)]
        return prefix(match) + ":".join(map(str, placed))

    return replaced(formula, change)


def carried(formula: str, down: int, right: int) -> str:
    """The formula after a copy by `offset`: relative references are shifted."""

    def carry(end: Corner) -> Corner | None:
        row = end.row if end.row is None or end.fixed_row else end.row + down
        column = end.column if end.fixed_column else end.column + right
        return None if column < 0 or (row or 0) < 0 else Corner(column, row, end.fixed_column, end.fixed_row)

    def change(match: re.Match[str]) -> str:
        ends = [carry(corner(match[name])) for name in ("first", "last") if match[name]]
        return LOST if None in ends else prefix(match) + ":".join(map(str, ends))

    return replaced(formula, change)


def prefix(match: re.Match[str]) -> str:
    return f"{match['tab']}!" if match["tab"] else ""
