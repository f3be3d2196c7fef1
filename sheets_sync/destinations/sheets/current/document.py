"""A spreadsheet as the API describes it: tabs, their grids, and our developer metadata on them."""

import json
import zlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from itertools import count
from typing import Any, Self

METADATA_KEY = "sheets_sync"  # of the developer metadata on an export's tab
# Roles of helper tabs; the value of the metadata is the owner: `project/export`, or `project`.
STATE, BEFORE, REMOVED = f"{METADATA_KEY}.memory", f"{METADATA_KEY}.before", f"{METADATA_KEY}.removed"
STAGING, AUDIT = f"{METADATA_KEY}.staging", f"{METADATA_KEY}.audit"
CHART = f"{METADATA_KEY}.chart"
ROLES = (METADATA_KEY, STATE, BEFORE, REMOVED, STAGING, AUDIT, CHART)
CHART_SPEC = f"{METADATA_KEY}.chart_spec"  # on the chart's tab: its id, and a digest of what was written
STATUS = f"{METADATA_KEY}.status"  # on the export's tab: when it was checked, JSON of a SyncStatus
# Field mask of the request whose response `parse_document` reads: without it Google returns every cell.
FIELDS = (
    "spreadsheetId,properties(timeZone),"
    "sheets(properties(sheetId,title,gridProperties(rowCount,columnCount,frozenRowCount)),"
    "protectedRanges(protectedRangeId),"
    "charts(chartId),merges,basicFilter(criteria,filterSpecs),"
    "developerMetadata(metadataId,metadataKey,metadataValue))"
)
# Of all grids of a spreadsheet, blank cells included: https://support.google.com/drive/answer/37603
MAX_CELLS = 10_000_000
MAX_TITLE_LENGTH = 95  # leaves room for a number within the 100 characters of a title


@dataclass(frozen=True)
class Mark:
    """Ownership mark: the tab's first columns belong to an export. Stored as JSON in developer metadata.

    headers, columns: those that were written last. layout: fingerprint of the formats. revision: number of
    writes. rows: rows of the mart. rejects: digest of the reported rows. protected: id of the protected range.
    spreadsheet: id of the spreadsheet, "" if another release wrote the mark. It reveals a copy of the whole
    spreadsheet, which Drive makes with all metadata. version_zone: time zone in which the version before shows
    TIMESTAMP columns, "" if unknown.
    """

    project: str
    export: str
    headers: tuple[str, ...]
    columns: tuple[str, ...]
    layout: str
    revision: int = 0
    rows: int = 0
    rejects: str = ""
    protected: int | None = None
    spreadsheet: str = ""
    version_zone: str = ""

    def to_json(self) -> str:
        return json.dumps(asdict(self), separators=(",", ":"))

    @classmethod
    def from_json(cls, text: str) -> Self | None:
        """None for a value that sheets_sync did not write."""
        try:
            fields = json.loads(text)
            lists = {name: tuple(map(str, fields[name])) for name in ("headers", "columns")}
            return cls(**fields | lists)
        except (ValueError, KeyError, TypeError):
            return None


@dataclass(frozen=True)
class Area:
    """Rows [first_row, end_row), columns [first_column, end_column) of a tab, counted from 0."""

    first_row: int
    end_row: int
    first_column: int
    end_column: int

    def __str__(self) -> str:
        """In A1 notation."""
        first, last = column_letters(self.first_column), column_letters(self.end_column - 1)
        return f"{first}{self.first_row + 1}:{last}{self.end_row}"


@dataclass(frozen=True)
class Tab:
    """rows, columns: size of the grid, blank cells included. mark_id: id of the mark's metadata.

    helper_of: owner by role, for a helper tab. frozen_rows: rows that do not scroll. status, status_id: value
    and id of the metadata that records the last check. helper_ids: ids of the metadata of helper_of. charts: ids
    of all charts over its cells. chart_spec, chart_spec_id: metadata of the export's own chart. merges: cells that
    people merged. is_filtered: whether a filter may hide rows.
    """

    id: int
    title: str
    rows: int
    columns: int
    mark: Mark | None = None
    mark_id: int | None = None
    helper_of: Mapping[str, str] = field(default_factory=dict)
    frozen_rows: int = 0
    status: str = ""
    status_id: int | None = None
    helper_ids: Mapping[str, int] = field(default_factory=dict)
    charts: tuple[int, ...] = ()
    merges: tuple[Area, ...] = ()
    is_filtered: bool = False
    chart_spec: str = ""
    chart_spec_id: int | None = None

    @property
    def size(self) -> int:
        return self.rows * self.columns


@dataclass(frozen=True)
class Document:
    """`used_ids` are ids of metadata, protected ranges and charts."""

    zone: str
    tabs: tuple[Tab, ...]
    used_ids: frozenset[int] = frozenset()
    id: str = ""

    @property
    def charts(self) -> list[int]:
        """Ids of all charts."""
        return sorted(chart for tab in self.tabs for chart in tab.charts)

    def marked_tabs(self, project: str, export: str) -> list[Tab]:
        """Tabs with the mark of this export, whatever their titles are. More than one after a copy."""
        owner = (project, export)
        return [tab for tab in self.tabs if tab.mark and (tab.mark.project, tab.mark.export) == owner]

    def find_by_title(self, title: str) -> Tab | None:
        """Sheets compares titles case-insensitively."""
        return next((tab for tab in self.tabs if tab.title.lower() == title.lower()), None)

    def find_helper(self, role: str, owner: str) -> Tab | None:
        return next((tab for tab in self.tabs if tab.helper_of.get(role) == owner), None)

    def free_title(self, title: str) -> str:
        """`title`, followed by a number if another tab has it."""
        used = {tab.title.lower() for tab in self.tabs}
        numbered = (f"{title[:MAX_TITLE_LENGTH]} {number}" for number in range(2, len(used) + 3))
        return next(item for item in (title, *numbered) if item.lower() not in used)

    def free_tab_id(self, owner: str, role: str) -> int:
        """An unused tab id, derived from owner and role, so that concurrent runs choose the same one.

        Two roles never share an id. It is short, because every request of a batch contains it.
        """
        preferred = zlib.crc32(owner.encode()) % 9_999 * len(ROLES) + ROLES.index(role)
        used = {tab.id for tab in self.tabs}
        return next(number for number in count(preferred, len(ROLES)) if number not in used)

    def free_id(self, name: str) -> int:
        """An unused id for metadata or a protected range, derived from `name`."""
        # 31 bits, because the API's ids are positive 32-bit integers.
        preferred = zlib.crc32(name.encode()) >> 1
        return next(number for number in count(preferred) if number not in self.used_ids)


def parse_document(resource: Mapping[str, Any]) -> Document:
    """From a Spreadsheet resource with FIELDS."""
    sheets = resource["sheets"]
    metadata = [item["metadataId"] for sheet in sheets for item in sheet.get("developerMetadata", [])]
    ranges = [item["protectedRangeId"] for sheet in sheets for item in sheet.get("protectedRanges", [])]
    tabs = tuple(map(parse_tab, sheets))
    charts = [chart for tab in tabs for chart in tab.charts]
    return Document(
        resource["properties"]["timeZone"],
        tabs,
        frozenset(metadata + ranges + charts),
        resource.get("spreadsheetId", ""),
    )


def parse_tab(sheet: Mapping[str, Any]) -> Tab:
    properties = sheet["properties"]
    grid = properties.get("gridProperties") or {}  # the sheet of a chart has no grid
    metadata = {item["metadataKey"]: item for item in sheet.get("developerMetadata", [])}
    item = metadata.get(METADATA_KEY)
    mark = Mark.from_json(item["metadataValue"]) if item else None
    status, chart_spec = metadata.pop(STATUS, None), metadata.pop(CHART_SPEC, None)
    return Tab(
        properties["sheetId"],
        properties["title"],
        grid.get("rowCount", 0),
        grid.get("columnCount", 0),
        mark,
        item["metadataId"] if item and mark else None,
        {key: entry.get("metadataValue", "") for key, entry in metadata.items() if key != METADATA_KEY},
        grid.get("frozenRowCount", 0),
        status.get("metadataValue", "") if status else "",
        status["metadataId"] if status else None,
        {key: entry["metadataId"] for key, entry in metadata.items() if key != METADATA_KEY},
        tuple(chart["chartId"] for chart in sheet.get("charts", [])),
        tuple(parse_area(item, grid) for item in sheet.get("merges", [])),
        # A filter without criteria hides no row.
        any(sheet.get("basicFilter", {}).get(name) for name in ("criteria", "filterSpecs")),
        chart_spec.get("metadataValue", "") if chart_spec else "",
        chart_spec["metadataId"] if chart_spec else None,
    )


def parse_area(place: Mapping[str, int], grid: Mapping[str, int]) -> Area:
    """A GridRange: a missing index is the edge of the grid."""
    rows = place.get("startRowIndex", 0), place.get("endRowIndex", grid.get("rowCount", 0))
    columns = place.get("startColumnIndex", 0), place.get("endColumnIndex", grid.get("columnCount", 0))
    return Area(*rows, *columns)


def column_letters(index: int) -> str:
    """0 -> A, 26 -> AA"""
    before, last = divmod(index, 26)
    return (column_letters(before - 1) if before else "") + chr(ord("A") + last)
