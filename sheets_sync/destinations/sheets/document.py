"""A spreadsheet as the API describes it: tabs, their grids, and the marks we left on them."""

import json
import zlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Self

KEY = "sheets_sync"  # of our developer metadata on a tab
STAGING_KEY = "sheets_sync.staging"
# What `read` needs of a Spreadsheet.
FIELDS = (
    "properties(timeZone),"
    "sheets(properties(sheetId,title,gridProperties(rowCount,columnCount)),"
    "developerMetadata(metadataId,metadataKey,metadataValue))"
)


@dataclass(frozen=True)
class Mark:
    """Says that a tab's first columns are ours: the export that wrote these headers, in this layout."""

    project: str
    export: str
    headers: tuple[str, ...]
    layout: str

    def text(self) -> str:
        return json.dumps(asdict(self))

    @classmethod
    def read(cls, text: str) -> Self | None:
        """None for what is not ours, though it has our key."""
        try:
            fields = json.loads(text)
            return cls(
                fields["project"], fields["export"], tuple(map(str, fields["headers"])), fields["layout"]
            )
        except (ValueError, KeyError, TypeError):
            return None


@dataclass(frozen=True)
class Tab:
    """`rows` and `columns` are the grid's, empty ones included; `mark_id` is its metadata's id."""

    id: int
    title: str
    rows: int
    columns: int
    mark: Mark | None = None
    mark_id: int | None = None
    staging: str | None = None  # `project/export` of a tab that a run left behind half written


@dataclass(frozen=True)
class Document:
    zone: str
    tabs: tuple[Tab, ...]

    def ours(self, project: str, export: str, title: str) -> Tab | None:
        """The export's tab, whatever it is called now; of several the one with that title."""
        marked = [
            tab for tab in self.tabs if tab.mark and (tab.mark.project, tab.mark.export) == (project, export)
        ]
        return next((tab for tab in marked if tab.title == title), marked[0] if marked else None)

    def titled(self, title: str) -> Tab | None:
        """Titles differ by more than case."""
        return next((tab for tab in self.tabs if tab.title.lower() == title.lower()), None)

    def leftover(self, project: str, export: str) -> Tab | None:
        return next((tab for tab in self.tabs if tab.staging == f"{project}/{export}"), None)

    def free_id(self, name: str) -> int:
        """A tab's id, the same for the same name, unless it is taken."""
        wanted, taken = zlib.crc32(name.encode()) & 0x7FFFFFFF, {tab.id for tab in self.tabs}
        return next(number for number in range(wanted, wanted + len(taken) + 1) if number not in taken)


def read(resource: Mapping[str, Any]) -> Document:
    """A Spreadsheet with FIELDS."""
    return Document(resource["properties"]["timeZone"], tuple(map(read_tab, resource["sheets"])))


def read_tab(sheet: Mapping[str, Any]) -> Tab:
    properties = sheet["properties"]
    grid = properties.get("gridProperties") or {}  # a chart's own sheet has none
    metadata = {item["metadataKey"]: item for item in sheet.get("developerMetadata", [])}
    own, staging = metadata.get(KEY), metadata.get(STAGING_KEY)
    mark = Mark.read(own["metadataValue"]) if own else None
    return Tab(
        properties["sheetId"],
        properties["title"],
        grid.get("rowCount", 0),
        grid.get("columnCount", 0),
        mark,
        own["metadataId"] if own and mark else None,
        staging["metadataValue"] if staging else None,
    )
