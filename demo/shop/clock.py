"""The retail API's clock: the data's time, not this machine's. It stands still until somebody moves it."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from demo.shop import files
from demo.shop.errors import Refused

START = datetime(2017, 1, 29, tzinfo=UTC)  # four weeks of sales have passed


@dataclass
class Clock:
    """Kept in a file, so that a sandbox that starts again goes on where it stopped."""

    file: Path

    def now(self) -> datetime:
        return moment(self.file.read_text()) if self.file.exists() else START

    def set(self, now: datetime) -> None:
        files.write(self.file, text(now))

    def advance(self, seconds: float) -> None:
        self.set(self.now() + timedelta(seconds=seconds))


def text(now: datetime) -> str:
    """RFC 3339 in UTC, to the second: 2017-01-29T00:00:00Z."""
    return now.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def moment(value: object) -> datetime:
    try:
        now = datetime.fromisoformat(str(value))
    except ValueError as error:
        raise Refused(400, f"{value!r} is no time; write it as 2017-01-29T00:00:00Z") from error
    if now.tzinfo is None:
        raise Refused(400, f"{value!r} says no zone; write it as 2017-01-29T00:00:00Z")
    return now.astimezone(UTC)
