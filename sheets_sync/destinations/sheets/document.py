"""A spreadsheet as the API describes it: tabs, their grids, and the marks we left on them."""

import json
import zlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from itertools import count
from typing import Any, Self

KEY = "sheets_sync"  # of our developer metadata on an export's tab
# And on the tabs that serve it; the value is their owner: `project/export`, or `project`.
MEMORY, BEFORE, REMOVED = f"{KEY}.memory", f"{KEY}.before", f"{KEY}.removed"
STAGING, AUDIT = f"{KEY}.staging", f"{KEY}.audit"
ROLES = (KEY, MEMORY, BEFORE, REMOVED, STAGING, AUDIT)
# What `read` needs of a Spreadsheet.
FIELDS = (
    "properties(timeZone),"
    "sheets(properties(sheetId,title,gridProperties(rowCount,columnCount)),"
    "protectedRanges(protectedRangeId),"
    "developerMetadata(metadataId,metadataKey,metadataValue))"
)
MOST_CELLS = 10_000_000  # in all grids of a spreadsheet, empty ones counted


@dataclass(frozen=True)
class Mark:
    """Says that a tab's first columns are ours: the export that wrote them, with these headers and in this
    layout. `revision` counts our writes; `rows` had the source, `rejects` is a digest of what it rejected."""

    project: str
    export: str
    headers: tuple[str, ...]
    columns: tuple[str, ...]
    layout: str
    revision: int = 0
    rows: int = 0
    rejects: str = ""
    protected: int | None = None

    def text(self) -> str:
        return json.dumps(asdict(self), separators=(",", ":"))

    @classmethod
    def read(cls, text: str) -> Self | None:
        """None for what is not ours, though it has our key."""
        try:
            fields = json.loads(text)
            lists = {name: tuple(map(str, fields[name])) for name in ("headers", "columns")}
            return cls(**fields | lists)
        except (ValueError, KeyError, TypeError):
            return None


@dataclass(frozen=True)
class Tab:
    """`rows` and `columns` are the grid's, empty ones included; `mark_id` is its metadata's id. `serves`
    names the owner by the role that a tab has for it."""

    id: int
    title: str
    rows: int
    columns: int
    mark: Mark | None = None
    mark_id: int | None = None
    serves: Mapping[str, str] = field(default_factory=dict)

    @property
    def size(self) -> int:
        return self.rows * self.columns


@dataclass(frozen=True)
class Document:
    """`taken` are ids of metadata and protected ranges."""

    zone: str
    tabs: tuple[Tab, ...]
    taken: frozenset[int] = frozenset()

    def ours(self, project: str, export: str, title: str) -> Tab | None:
        """The export's tab, whatever it is called now; of several the one with that title."""
        marked = [
            tab for tab in self.tabs if tab.mark and (tab.mark.project, tab.mark.export) == (project, export)
        ]
        return next((tab for tab in marked if tab.title == title), marked[0] if marked else None)

    def titled(self, title: str) -> Tab | None:
        """Titles differ by more than case."""
        return next((tab for tab in self.tabs if tab.title.lower() == title.lower()), None)

    def serving(self, role: str, owner: str) -> Tab | None:
        return next((tab for tab in self.tabs if tab.serves.get(role) == owner), None)

    def free_title(self, wanted: str) -> str:
        """The title, or with a number behind it where somebody else's tab has it."""
        taken = {tab.title.lower() for tab in self.tabs}
        titles = [wanted, *(f"{wanted[:95]} {number}" for number in range(2, len(taken) + 3))]
        return next(title for title in titles if title.lower() not in taken)

    def free_tab(self, owner: str, role: str) -> int:
        """A tab's id, the same for the same owner and role, unless it is taken; of no two roles the same. A
        short one: every request names it."""
        wanted = zlib.crc32(owner.encode()) % 9_999 * len(ROLES) + ROLES.index(role)
        taken = {tab.id for tab in self.tabs}
        return next(number for number in count(wanted, len(ROLES)) if number not in taken)

    def free_id(self, name: str) -> int:
        """An id for metadata or a protected range, in the same manner."""
        return next(number for number in count(zlib.crc32(name.encode()) >> 1) if number not in self.taken)


def read(resource: Mapping[str, Any]) -> Document:
    """A Spreadsheet with FIELDS."""
    sheets = resource["sheets"]
    metadata = [item["metadataId"] for sheet in sheets for item in sheet.get("developerMetadata", [])]
    protected = [item["protectedRangeId"] for sheet in sheets for item in sheet.get("protectedRanges", [])]
    tabs = tuple(map(read_tab, sheets))
    return Document(resource["properties"]["timeZone"], tabs, frozenset(metadata + protected))


def read_tab(sheet: Mapping[str, Any]) -> Tab:
    properties = sheet["properties"]
    grid = properties.get("gridProperties") or {}  # a chart's own sheet has none
    metadata = {item["metadataKey"]: item for item in sheet.get("developerMetadata", [])}
    own = metadata.get(KEY)
    mark = Mark.read(own["metadataValue"]) if own else None
    return Tab(
        properties["sheetId"],
        properties["title"],
        grid.get("rowCount", 0),
        grid.get("columnCount", 0),
        mark,
        own["metadataId"] if own and mark else None,
        {key: item.get("metadataValue", "") for key, item in metadata.items() if key != KEY},
    )
