"""Note of the first header cell: when the tab was checked and changed, and since when the export fails.

The times are also stored in developer metadata of the tab, because users may edit or delete the note.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Self
from zoneinfo import ZoneInfo

from sheets_sync.destinations.sheets.current.document import STATUS, Document, Tab
from sheets_sync.destinations.sheets.requests import batch
from sheets_sync.destinations.sheets.requests.batch import Request

# A tab that did not change is written at most so often: each write counts against the quota and appears in
# the version history of the spreadsheet.
MIN_INTERVAL = timedelta(hours=1)
MAX_REASON = 500  # characters of an error in the note


@dataclass(frozen=True)
class SyncStatus:
    """Times are ISO 8601 in UTC, "" if unknown. failing_since: "" unless the last run failed."""

    checked: str = ""
    changed: str = ""
    failing_since: str = ""
    reason: str = ""

    @classmethod
    def from_json(cls, text: str) -> Self:
        """Empty for a value that sheets_sync did not write."""
        try:
            fields = json.loads(text or "{}")
            status = cls(**{name: str(value) for name, value in fields.items()})
            times = (status.checked, status.changed, status.failing_since)
            # Without a zone a time cannot be compared with now.
            is_valid = all(datetime.fromisoformat(time).tzinfo for time in times if time)
        except (ValueError, TypeError, AttributeError):
            return cls()
        return status if is_valid else cls()

    def after_check(self, now: datetime, is_changed: bool) -> "SyncStatus":
        time = now.isoformat(timespec="seconds")
        return SyncStatus(time, time if is_changed else self.changed)

    def after_failure(self, now: datetime, reason: str) -> "SyncStatus":
        since = self.failing_since or now.isoformat(timespec="seconds")
        return SyncStatus(self.checked, self.changed, since, reason[:MAX_REASON])

    def is_due(self, now: datetime) -> bool:
        """Whether the note of an unchanged tab is to be written."""
        if self.failing_since or not self.checked:
            return True
        return now - datetime.fromisoformat(self.checked) >= MIN_INTERVAL

    def note(self, zone: ZoneInfo) -> str:
        parts: Mapping[str, str] = {"Checked at": self.checked, "Changed at": self.changed}
        lines = [f"{label} {local_time(value, zone)}" for label, value in parts.items() if value]
        if self.failing_since:
            lines.append(f"Failing since {local_time(self.failing_since, zone)}: {self.reason}")
        return "\n".join(lines)


def local_time(time: str, zone: ZoneInfo) -> str:
    return f"{datetime.fromisoformat(time).astimezone(zone):%Y-%m-%d %H:%M}"


def status_requests(
    document: Document, tab_id: int, tab: Tab | None, status: SyncStatus, zone: ZoneInfo
) -> list[Request]:
    """Replace note and metadata.

    The id of the metadata is derived from the one that it replaces, as that of the mark is from its revision:
    of two concurrent runs that only write the note, the later one fails and compares again.
    """
    old_id = tab.status_id if tab else None
    old = [batch.delete_metadata(old_id)] if old_id is not None else []
    value = json.dumps(asdict(status), separators=(",", ":"))
    metadata_id = document.free_id(f"{STATUS}/{tab_id}/{old_id}")
    return [
        batch.set_note(tab_id, 0, 0, status.note(zone)),
        *old,
        batch.create_metadata(tab_id, STATUS, value, metadata_id),
    ]
