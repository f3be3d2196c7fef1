"""A spreadsheet: its tabs, named ranges, metadata and permissions."""

import random
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any

from sandbox.sheets import ranges
from sandbox.sheets.errors import BadRequest
from sandbox.sheets.grid import Tab
from sandbox.sheets.ranges import Area

# https://support.google.com/drive/answer/37603
MOST_CELLS = 10_000_000  # in all grids of a spreadsheet, empty ones counted
MOST_COLUMNS = 18_278  # ZZZ
MOST_TABS = 200


@dataclass
class Book:
    """`permissions` are Drive's: {id, type, role, emailAddress}; `metadata` are DeveloperMetadata."""

    id: str
    properties: dict[str, Any]
    tabs: list[Tab] = field(default_factory=list)
    names: list[dict[str, Any]] = field(default_factory=list)
    metadata: list[dict[str, Any]] = field(default_factory=list)
    permissions: list[dict[str, Any]] = field(default_factory=list)
    created: str = ""
    modified: str = ""
    version: int = 0
    trashed: bool = False

    def copy(self) -> "Book":
        """A copy that a batch changes: it is discarded if a request fails."""
        return replace(
            self,
            properties=dict(self.properties),
            tabs=[tab.copy() for tab in self.tabs],
            names=list(self.names),
            metadata=list(self.metadata),
            permissions=list(self.permissions),
        )

    def tab(self, sheet_id: int | None) -> Tab:
        for tab in self.tabs:
            if tab.id == (sheet_id or 0):
                return tab
        raise BadRequest(f"No grid with id: {sheet_id or 0}")

    def titled(self, title: str) -> Tab | None:
        return next((tab for tab in self.tabs if tab.title.lower() == title.lower()), None)

    def range(self, text: str) -> tuple[Tab, Area]:
        """A range in A1 notation, a tab's title, or a named range; clipped to the grid."""
        title, cells = ranges.split(text)
        area = ranges.parse(cells) if cells else Area()
        if title is None and area is None:
            return self.named(text)
        if (
            title is not None
            and area is None
            and any(name["name"].lower() == cells.lower() for name in self.names)
        ):
            return self.named(cells)
        tab = self.tabs[0] if title is None else self.titled(title)
        if not text or tab is None or area is None:
            raise BadRequest(f"Unable to parse range: {text}")
        return tab, tab.inside(area)

    def named(self, text: str) -> tuple[Tab, Area]:
        for name in self.names:
            if name["name"].lower() == text.lower():
                tab = self.tab(name["range"].get("sheetId"))
                return tab, tab.inside(ranges.from_grid_range(name["range"]))
        tab_of_title = self.titled(text)
        if tab_of_title is None:
            raise BadRequest(f"Unable to parse range: {text}")
        return tab_of_title, tab_of_title.inside(Area())

    def fresh_id(self) -> int:
        """An id that no tab, protected range or metadata uses."""
        return next(number for number in numbers() if number not in self.used_ids())

    def used_ids(self) -> set[int]:
        return (
            {tab.id for tab in self.tabs}
            | {protected["protectedRangeId"] for tab in self.tabs for protected in tab.protected}
            | {item["metadataId"] for item in self.metadata}
            | {chart["chartId"] for tab in self.tabs for chart in tab.objects.get("charts", [])}
        )

    def measure(self) -> None:
        """BadRequest if the spreadsheet exceeds a limit of cells, columns or tabs."""
        cells = sum(tab.rows * tab.columns for tab in self.tabs)
        if cells > MOST_CELLS:
            raise BadRequest(
                "This action would increase the number of cells in the workbook "
                f"above the limit of {MOST_CELLS} cells."
            )
        if len(self.tabs) > MOST_TABS:
            raise BadRequest(f"A spreadsheet holds {MOST_TABS} sheets at most.")
        for tab in self.tabs:
            if tab.columns > MOST_COLUMNS:
                raise BadRequest(f"Sheet {tab.title} has {tab.columns} columns; {MOST_COLUMNS} is the most.")

    def role(self, caller: str) -> str | None:
        """owner, writer, reader; None where nothing is shared with the caller."""
        roles = {
            permission["role"]
            for permission in self.permissions
            if permission["type"] == "anyone" or permission.get("emailAddress") == caller
        }
        return next((role for role in ("owner", "writer", "commenter", "reader") if role in roles), None)


def numbers() -> Iterator[int]:
    while True:
        yield random.randrange(1, 2**31)


def blank_tab(sheet_id: int, title: str, rows: int = 1000, columns: int = 26) -> Tab:
    return Tab(
        {
            "sheetId": sheet_id,
            "title": title,
            "sheetType": "GRID",
            "gridProperties": {"rowCount": rows, "columnCount": columns},
        }
    )
