"""What a run saw when nothing was to be done, so that the next run need not read the same again.

Recorded in ops.sync_run, because a value in the spreadsheet would change the spreadsheet.
"""

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from typing import Any, Self

from sheets_sync.export import Export

# Everything is compared again after this time, so a fact that Google reports wrongly has no lasting effect.
MAX_AGE = timedelta(days=1)


@dataclass(frozen=True)
class Seen:
    """declaration: digest of the export's declaration and address. table: what identifies the content of the
    mart. content: digest of what was read from the destination. compared: when both were last compared,
    ISO 8601. place: version of the destination before it was read, "" if unknown. note_time: time in the status
    note, "" without one.
    """

    declaration: str
    table: str
    content: str
    compared: str
    place: str = ""
    note_time: str = ""

    def to_json(self) -> str:
        return json.dumps(asdict(self), separators=(",", ":"))

    @classmethod
    def from_json(cls, text: str | None) -> Self | None:
        """None for a value that this release did not write."""
        try:
            return cls(**{name: str(value) for name, value in json.loads(text or "{}").items()})
        except (ValueError, TypeError, AttributeError):
            return None

    def is_recent(self, now: datetime) -> bool:
        return datetime.fromisoformat(self.compared) > now - MAX_AGE


@dataclass(frozen=True)
class LastRun:
    """The newest run of an export: number of rows, and what it saw."""

    rows: int
    title: str
    link: str
    seen: Seen


@dataclass(frozen=True)
class History:
    """What the newest runs saw, by export; empty if nothing may be skipped. declared: names of all exports.

    read_version: what identifies the rows of an export's table now, "" if that is unknown.
    """

    last_runs: Mapping[str, LastRun] = field(default_factory=dict)
    declared: frozenset[str] = frozenset()
    read_version: Callable[[Export], str] = lambda export: ""

    def find(self, export: Export, address: str, now: datetime) -> LastRun | None:
        """The newest run, if it saw the same declaration and address, and not too long ago."""
        last = self.last_runs.get(export.name)
        is_same = last and last.seen.declaration == self.digest(export, address)
        return last if last and is_same and last.seen.is_recent(now) else None

    def digest(self, export: Export, address: str) -> str:
        """Also of `declared`: a tab of an export that is no longer declared is reported."""
        # repr contains every field, so a key that is added to declarations is compared without a change here.
        return digest([repr(export), address, *sorted(self.declared)])


def digest(values: Iterable[Any]) -> str:
    """Of values as JSON or, for the types of BigQuery, as Python writes them."""
    state = hashlib.blake2b(digest_size=16)
    for value in values:
        state.update(json.dumps(value, default=repr, separators=(",", ":")).encode())
        # Unambiguous, because JSON escapes line breaks.
        state.update(b"\n")
    return state.hexdigest()
