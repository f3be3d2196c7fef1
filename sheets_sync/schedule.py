"""Part `schedule` of an export: when it is due. Without one it is due in every run of the job."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from msgspec import Meta

from sheets_sync.declaration import Part, convert_part
from sheets_sync.errors import ExportError

type Day = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
DAYS: tuple[Day, ...] = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
Hour = Annotated[int, Meta(ge=0, le=23, description="an hour from 0 to 23")]
Hours = Annotated[list[Hour], Meta(min_length=1, description="a list of hours from 0 to 23")]
LOOK_BACK = timedelta(days=8)  # longer than the longest time between two slots


class SchedulePart(Part, frozen=True, kw_only=True):
    hours: Hours
    days: list[Day] = []
    zone: str = "Etc/UTC"


@dataclass(frozen=True)
class Schedule:
    """Due from each of `hours` on, on `days`, in the time zone `zone`."""

    hours: tuple[int, ...]
    days: tuple[Day, ...]
    zone: str

    def last_slot(self, now: datetime) -> datetime:
        """The latest beginning of a due hour that is not after `now`."""
        zone = ZoneInfo(self.zone)
        today = now.astimezone(zone).date()
        # From local dates, not by subtracting 24 hours: a slot keeps its hour when summer time begins or ends.
        slots = [
            datetime(day.year, day.month, day.day, hour, tzinfo=zone)
            for back in range(LOOK_BACK.days)
            if DAYS[(day := today - timedelta(days=back)).weekday()] in self.days
            for hour in self.hours
        ]
        return max(slot for slot in slots if slot <= now)

    def is_due(self, now: datetime, read_last_success: Callable[[datetime], datetime | None]) -> bool:
        """Whether no run since the last slot succeeded. `read_last_success` looks back to the given time."""
        slot = self.last_slot(now)
        last = read_last_success(slot)
        return last is None or last < slot


def parse_schedule(file: str, value: Any) -> Schedule | None:
    if value is None:
        return None
    part = convert_part(value, SchedulePart, file, "schedule")
    try:
        ZoneInfo(part.zone)
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise ExportError(
            f"{file}: schedule.zone is {part.zone!r}, expected a time zone such as Europe/Berlin."
        ) from error
    return Schedule(tuple(sorted(set(part.hours))), tuple(part.days) or DAYS, part.zone)
