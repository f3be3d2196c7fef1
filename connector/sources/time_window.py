"""Windows by time: `updated_at`-like fields of sources that report neither a last value nor accept an upper bound.

Stripe `created[gte]`, GitHub `since`, Shopify `updated_at_min`, Jira, Zendesk. A window is stored as microseconds since
1970 UTC, so that ops.run_log and its watermark are the same for ids and times.
"""

import re
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from connector.errors import DeclarationError
from connector.sources.base import Declared, Duration, Text
from runtime.errors import UsageError

UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800}
DURATION = re.compile(r"(\d+)([smhdw])")  # no months and years, whose length varies
RESOLUTIONS = {
    "microsecond": 1,
    "millisecond": 1000,
    "second": 10**6,
    "minute": 60 * 10**6,
    "day": 86_400 * 10**6,
}
OFFSET = re.compile(r"[+-]\d\d:?\d\d$|[A-Za-z]$")
ONLY_LATER = -(10**18)  # before every time
UTC_NAME = re.compile(r" ?(z|UTC|GMT)$")  # how databases and RFC 3339 write the Z of ISO 8601, too
COMPACT = re.compile(
    r"((?:19|20)\d{6})(\d{6})?"
)  # as a number it would be a time of 1970, or of the year 2600
REPEATED = 3 * 3600 * 10**6  # microseconds; clocks are put back by less
FORMAT_STEPS = {"epoch": 10**6, "epoch_ms": 1000, "date": 86_400 * 10**6}


class TimeWindow(Declared, frozen=True, kw_only=True, rename={"start": "from"}):
    """A half-open range of `field`.

    start, until: query parameters for the lower bound and, where the source has one, the upper bound. format: how a
    bound is written. resolution: the smallest step that the source distinguishes; a bound is rounded down to it.
    bounds: whether the source returns rows that equal the lower bound. zone: of `format: local`. look_back: how much
    of the earlier window is requested again, for rows that were committed late (`90m`, `2h`, `1d`). first: the first
    lower bound.
    """

    field: Text
    start: Text
    until: Text | None = None
    format: Literal["iso", "epoch", "epoch_ms", "date", "local"] = "iso"
    resolution: Literal["microsecond", "millisecond", "second", "minute", "day"] = "second"
    bounds: Literal["inclusive", "exclusive"] = "inclusive"
    zone: str = "UTC"
    look_back: Duration = "1h"
    first: str = "1970-01-01T00:00:00Z"

    @property
    def look_back_microseconds(self) -> int:
        return parse_duration(self.look_back)

    @property
    def first_microseconds(self) -> int:
        return parse_time(self.first, self.zone)

    @property
    def step(self) -> int:
        """Microseconds: the resolution, or what the format can express if that is less."""
        # With a bound in days, rows later on the day of an exclusive bound would be in no window.
        return max(RESOLUTIONS[self.resolution], FORMAT_STEPS.get(self.format, 1))

    def parameters(self, start: int | None, until: int | None) -> dict[str, Any]:
        """Query parameters for a range in microseconds, both ends inclusive."""
        step = self.step
        values: dict[str, Any] = {}
        if start is not None:
            lower = start // step * step
            # One step earlier, so that a source that excludes its bound still returns the rows at it.
            lower = lower - step if self.bounds == "exclusive" else lower
            values[self.start] = self._format(lower, self._local(lower, REPEATED, min))
        if self.until and until is not None:
            # Rounded up, so that the last step is requested as a whole; the next run starts inside it.
            upper = -(-(until + 1) // step) * step
            values[self.until] = self._format(upper, self._local(upper, -REPEATED, max))
        return values

    def _local(
        self, microseconds: int, ahead: int, choose: Callable[[timedelta, timedelta], timedelta]
    ) -> datetime:
        """The local time of a bound without its offset.

        When clocks are put back, an hour is repeated: rows after a lower bound may have smaller local times than the
        bound itself, and rows before an upper one greater. So the offset is the one of now or `ahead` that includes
        them.
        """
        zone, moment = load_zone(self.zone), to_moment(microseconds)
        here, there = (
            each.astimezone(zone).utcoffset() or timedelta()
            for each in (moment, to_moment(microseconds + ahead))
        )
        return moment.replace(tzinfo=None) + choose(here, there)

    def _format(self, microseconds: int, local: datetime) -> str | int:
        match self.format:
            case "epoch":
                return microseconds // 10**6
            case "epoch_ms":
                return microseconds // 1000
            case "date":
                return local.date().isoformat()
            case "local":
                return local.isoformat(" ", self._timespec())
        return to_moment(microseconds).isoformat(timespec=self._timespec()).replace("+00:00", "Z")

    def _timespec(self) -> str:
        names = {"microsecond": "microseconds", "millisecond": "milliseconds"}
        return names.get(self.resolution, "seconds")


def to_moment(microseconds: int) -> datetime:
    # Integer arithmetic: datetime.fromtimestamp(float) would lose microseconds.
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=microseconds)


def largest_time(values: Sequence[Any], zone: str, limit: int | None = None) -> int | None:
    """The latest of the times in a page, in microseconds since 1970 UTC; None if it has none that can be read.

    Later ones than `limit` do not count: a row with a wrong time in the future shows nothing of the source's clock.
    ONLY_LATER if there are no others.
    """
    newest = latest_of(values, zone)
    if newest is None or limit is None or newest <= limit:
        return newest
    times = [read_time(value, zone) for value in values if is_time(value)]
    return max((time for time in times if time is not None and time <= limit), default=ONLY_LATER)


def is_time(value: Any) -> bool:
    return isinstance(value, str | int | float) and not isinstance(value, bool)


def latest_of(values: Sequence[Any], zone: str) -> int | None:
    texts: dict[tuple[int, str], str] = {}
    numbers = [value for value in values if is_time(value) and not isinstance(value, str)]
    for value in values:
        if isinstance(value, str):
            offset = OFFSET.search(value)
            # Texts of one form sort like their times, so only one of each form is parsed.
            form = len(value), offset[0] if offset else ""
            texts[form] = max(value, texts.get(form, ""))
    times = [read_time(value, zone) for value in [*texts.values(), *sorted(numbers)[-1:]]]
    # A wrong value such as "none" or 1e300 must not hide the times of the other rows.
    if None in times:
        times = [read_time(value, zone) for value in values if is_time(value)]
    return max((time for time in times if time is not None), default=None)


def read_time(value: Any, zone: str) -> int | None:
    """ISO 8601, also without separators, or seconds, milliseconds, microseconds or nanoseconds since 1970."""
    if isinstance(value, str) and (compact := COMPACT.fullmatch(value)):
        value = f"{compact[1]}T{compact[2] or '000000'}"
    try:
        number = float(value)
    except OverflowError:
        return None
    except ValueError:
        try:
            return parse_time(UTC_NAME.sub("Z", value), zone)
        except UsageError:
            return None
    # 10**11 s is the year 5138, and as milliseconds 1973.
    limits = ((10**6, 1e11), (1000, 1e14), (1, 1e17), (1 / 1000, 1e20))
    units = (unit for unit, above in limits if abs(number) < above)
    unit = next(units, None)
    return None if unit is None else int(number * unit)


def parse_duration(text: str) -> int:
    """Microseconds of `90m`."""
    match = DURATION.fullmatch(text)
    if not match:
        raise DeclarationError(
            f"invalid duration '{text}': expected a number with s, m, h, d or w, for example 90m."
        )
    return int(match[1]) * UNITS[match[2]] * 10**6


def parse_time(text: str, zone: str = "UTC") -> int:
    """Microseconds since 1970 UTC of an ISO 8601 time or day; without an offset it is in `zone`."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise UsageError(
            f"invalid time '{text}': expected ISO 8601, for example 2026-01-31T08:00:00Z or 2026-01-31."
        ) from error
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=load_zone(zone))
    delta = moment - datetime(1970, 1, 1, tzinfo=UTC)
    # Not total_seconds(), which is a float.
    return (delta.days * 86_400 + delta.seconds) * 10**6 + delta.microseconds


def end_of(text: str, zone: str = "UTC") -> int:
    """The last microsecond of a day, or the time itself: `--until` includes it."""
    if re.fullmatch(r"\d{4}-\d{2}-\d{2}", text):
        # By the calendar: a day with a change of the clocks has 23 or 25 hours.
        following = date.fromisoformat(text) + timedelta(days=1)
        return parse_time(following.isoformat(), zone) - 1
    return parse_time(text, zone)


def load_zone(name: str) -> ZoneInfo | timezone:
    """DeclarationError for a name that is not in the IANA database."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:  # OSError: `Europe` is a folder
        raise DeclarationError(
            f"unknown time zone '{name}': expected an IANA name such as Europe/Paris."
        ) from error
