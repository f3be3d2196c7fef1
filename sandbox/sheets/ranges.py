"""Where cells are: half-open areas, and A1 notation for them."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from sandbox.sheets.errors import BadRequest

A1 = re.compile(r"\$?([A-Za-z]{0,3})\$?([1-9][0-9]{0,7})?")
PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


@dataclass(frozen=True, slots=True)
class Area:
    """Rows [first_row, end_row) and columns [first_column, end_column), from 0. None is an open end."""

    first_row: int = 0
    first_column: int = 0
    end_row: int | None = None
    end_column: int | None = None

    def within(self, rows: int, columns: int) -> "Area":
        """The part inside a grid of that size; an open end is the grid's."""
        bottom = rows if self.end_row is None else min(self.end_row, rows)
        right = columns if self.end_column is None else min(self.end_column, columns)
        return Area(self.first_row, self.first_column, bottom, right)

    @property
    def height(self) -> int:
        return (self.end_row or 0) - self.first_row

    @property
    def width(self) -> int:
        return (self.end_column or 0) - self.first_column

    @property
    def single(self) -> bool:
        return self.height == 1 and self.width == 1

    def addresses(self) -> Iterator[tuple[int, int]]:
        """Every (row, column) of a closed area."""
        for row in range(self.first_row, self.end_row or 0):
            for column in range(self.first_column, self.end_column or 0):
                yield row, column

    def holds(self, row: int, column: int) -> bool:
        return (self.first_row <= row and (self.end_row is None or row < self.end_row)) and (
            self.first_column <= column and (self.end_column is None or column < self.end_column)
        )


def from_grid_range(value: dict[str, Any]) -> Area:
    """A GridRange without its sheet. BadRequest where it is empty or begins before the grid."""
    area = Area(
        value.get("startRowIndex") or 0,
        value.get("startColumnIndex") or 0,
        value.get("endRowIndex"),
        value.get("endColumnIndex"),
    )
    for start, end, name in (
        (area.first_row, area.end_row, "Row"),
        (area.first_column, area.end_column, "Column"),
    ):
        if start < 0 or (end is not None and end <= start):
            raise BadRequest(f"end{name}Index ({end}) must be greater than start{name}Index ({start}).")
    return area


def split(text: str) -> tuple[str | None, str]:
    """`'Daily sales'!A1:B2` -> (`Daily sales`, `A1:B2`); (None, text) without a tab."""
    quoted = re.fullmatch(r"'((?:[^']|'')*)'(?:!(.*))?", text)
    if quoted:
        return quoted[1].replace("''", "'"), quoted[2] or ""
    tab, mark, cells = text.rpartition("!")
    return (tab, cells) if mark else (None, text)


def parse(text: str) -> Area | None:
    """An area in A1 notation: `B2`, `A1:C`, `A:C`, `2:3`; None for any other text."""
    ends = [A1.fullmatch(part) for part in text.split(":")]
    if not text or len(ends) > 2 or any(end is None or not end[0] for end in ends):
        return None
    corners = [corner(end) for end in (ends[0], ends[-1]) if end]
    if len(ends) == 1 and None in corners[0]:
        return None
    (first_column, last_column), (first_row, last_row) = (
        ordered(*pair) for pair in zip(*corners, strict=True)
    )
    return Area(first_row or 0, first_column or 0, ended(last_row), ended(last_column))


def corner(match: re.Match[str]) -> tuple[int | None, int | None]:
    return column_index(match[1]) if match[1] else None, int(match[2]) - 1 if match[2] else None


def ordered(first: int | None, last: int | None) -> tuple[int | None, int | None]:
    return (last, first) if first is not None and last is not None and last < first else (first, last)


def ended(last: int | None) -> int | None:
    return None if last is None else last + 1


def column_index(letters: str) -> int:
    index = 0
    for letter in letters.upper():
        index = index * 26 + ord(letter) - ord("A") + 1
    return index - 1


def column_letters(index: int) -> str:
    letters = ""
    while index >= 0:
        index, rest = divmod(index, 26)
        letters = chr(ord("A") + rest) + letters
        index -= 1
    return letters


def address(row: int, column: int) -> str:
    return f"{column_letters(column)}{row + 1}"


def written(title: str, area: Area) -> str:
    """A closed area with its tab, as in responses: `'Daily sales'!A1:E9`, `Sheet1!A1`."""
    first = address(area.first_row, area.first_column)
    last = address((area.end_row or 1) - 1, (area.end_column or 1) - 1)
    return f"{quoted(title)}!{first if first == last else f'{first}:{last}'}"


def quoted(title: str) -> str:
    return title if PLAIN.fullmatch(title) else "'" + title.replace("'", "''") + "'"
