"""The shop's clock: it has the time of the data, and moves only when a control request moves it."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from demo.shop.atomic_files import write_atomically
from demo.shop.errors import RequestRejected

START = datetime(2017, 1, 29, tzinfo=UTC)  # four weeks after the first sale


@dataclass
class Clock:
    """`file` stores the time, so that a restarted sandbox continues with it."""

    file: Path

    def now(self) -> datetime:
        return parse_clock(self.file.read_text()) if self.file.exists() else START

    def set(self, now: datetime) -> None:
        write_atomically(self.file, format_clock(now))

    def advance(self, seconds: float) -> None:
        self.set(self.now() + timedelta(seconds=seconds))


def format_clock(now: datetime) -> str:
    """RFC 3339 in UTC, in whole seconds: 2017-01-29T00:00:00Z."""
    return now.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def parse_clock(value: object) -> datetime:
    """RFC 3339 with an offset. Raises RequestRejected."""
    try:
        now = datetime.fromisoformat(str(value))
    except ValueError as error:
        raise RequestRejected(400, f"invalid time {value!r}: write it as 2017-01-29T00:00:00Z") from error
    if now.tzinfo is None:
        raise RequestRejected(400, f"time {value!r} has no offset: write it as 2017-01-29T00:00:00Z")
    return now.astimezone(UTC)
