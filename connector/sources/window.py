"""The range of ids that a run requests. Both ends are inclusive; the upper end is fixed when a run starts."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import msgspec
from msgspec.structs import replace

from connector.sources.base import Endpoint, Window
from connector.sources.time_window import TimeWindow, end_of, parse_time, to_moment
from runtime.errors import UsageError

# A range of ids, or of microseconds since 1970 UTC.
AnyWindow = Window | TimeWindow


def window_of(endpoint: Endpoint) -> AnyWindow | None:
    """The declared window, of ids or of time; None for an endpoint that is copied as a whole."""
    time_window: TimeWindow | None = getattr(endpoint, "time_window", None)
    return time_window or endpoint.window


class IdRange(msgspec.Struct, frozen=True):
    """From `start` to `until`, both inclusive. Days replace ids until the source has resolved them.

    Without any value the endpoint is copied as a whole.
    """

    start: int | None = None
    start_date: str | None = None
    until: int | None = None
    until_date: str | None = None

    def parameters(self, window: AnyWindow | None) -> dict[str, Any]:
        """Query parameters of a request."""
        if window is None:
            return {}
        if isinstance(window, TimeWindow):
            return window.parameters(self.start, self.until)
        values = [
            (window.start, self.start),
            (window.start_date, self.start_date),
            (window.until, self.until),
        ]
        return {name: str(value) for name, value in values if name and value is not None}


@dataclass(frozen=True)
class Watermark:
    """From ops.run_log: `until` is the largest id up to which no id was left out since the first run;
    `newest_start` is when the newest run started, in milliseconds since 1970 UTC."""

    until: int | None = None
    newest_start: int = 0


def parse_range(endpoint: str, window: AnyWindow | None, start: str | None, end: str | None) -> IdRange:
    """From the command line, each end an id or a day YYYY-MM-DD; UsageError if invalid."""
    if isinstance(window, TimeWindow):
        lower = parse_time(start, window.zone) if start else None
        return check_order(IdRange(start=lower, until=end_of(end, window.zone) if end else None), window)
    if window is None:
        if start or end:
            raise UsageError(f"{endpoint} has no window and is copied as a whole: omit --from and --until.")
        return IdRange()
    first, first_day = parse_bound(start, "start", endpoint, window)
    last, last_day = parse_bound(end, "end", endpoint, window)
    return check_order(IdRange(first, first_day, last, last_day), window)


def parse_bound(text: str | None, name: str, endpoint: str, window: Window) -> tuple[int | None, str | None]:
    """An id or a day: (id, None) or (None, day)."""
    if not text:
        return None, None
    # A negative number is a wrong id, not a wrong day: the error should name the smallest id.
    if text.lstrip("-").isdigit():
        return parse_id(text, name, window), None
    return None, parse_day(text, name, endpoint, window)


def parse_id(text: str, name: str, window: Window) -> int:
    """UsageError for anything but an integer from `window.first` on."""
    if text.isascii() and text.isdigit() and int(text) >= window.first:
        return int(text)
    raise UsageError(f"invalid {name} '{text}': expected an integer of at least {window.first}.")


def parse_day(text: str, name: str, endpoint: str, window: Window) -> str:
    """UsageError unless it is YYYY-MM-DD and the endpoint supports days."""
    try:
        if date.fromisoformat(text).isoformat() == text and window.start_date:
            return text
    except ValueError:
        pass
    day = ", or a day such as 2026-01-31" if window.start_date else f"; {endpoint} does not support days"
    raise UsageError(f"invalid {name} '{text}': expected an integer of at least {window.first}{day}.")


def check_order(span: IdRange, window: AnyWindow | None) -> IdRange:
    """UsageError if the range is empty."""
    ids = span.start is not None and span.until is not None and span.start > span.until
    days = span.start_date and span.until_date and span.start_date > span.until_date
    if ids or days:
        ends = (span.start_date, span.until_date) if days else (span.start, span.until)
        texts = [describe_end(end, window) for end in ends]
        raise UsageError(f"the window from {texts[0]} to {texts[1]} is empty: its start is after its end.")
    return span


def describe_end(end: int | str | None, window: AnyWindow | None) -> str:
    return to_moment(end).isoformat() if isinstance(window, TimeWindow) and isinstance(end, int) else str(end)


def first_range(span: IdRange, window: AnyWindow | None, watermark: Watermark, now: int = 0) -> IdRange:
    """The range with a start: the requested one, or where the last run ended, minus `look_back`.

    `now`, in microseconds, is the end of a window by time: what changes later belongs to the next run.
    """
    ends_now = isinstance(window, TimeWindow) and span.until is None
    if ends_now:
        span = replace(span, until=now - 1)
    if window is None or span.start is not None or span.start_date is not None:
        return check_order(span, window)
    first = window.first_microseconds if isinstance(window, TimeWindow) else window.first
    look_back = window.look_back_microseconds if isinstance(window, TimeWindow) else window.look_back
    # +1, because both ends of a range are inclusive.
    after = first if watermark.until is None else watermark.until + 1 - look_back
    # The look-back never reaches below the first id that the source has.
    start = max(first, after)
    if ends_now and first >= now:
        text = describe_end(first, window)
        raise UsageError(f"`first` of the window is {text}, in the future: no row would be read. Correct it.")
    if ends_now and start >= now:
        return replace(span, start=span.until)  # the clock is behind the last run: read the newest rows again
    return check_order(replace(span, start=start), window)


def resolve_dates(span: IdRange, first_id_since: Callable[[str], tuple[int | None, int | None]]) -> IdRange:
    """The range in ids. `first_id_since(day)` returns the first id since the day (None: it has no such row yet) and
    the largest id of the source."""
    if span.start_date:
        first, last = first_id_since(span.start_date)
        # No row since that day: a range that is empty now, and not one from the first id on.
        start = first if first is not None else None if last is None else last + 1
        span = replace(span, start=start, start_date=None)
    if span.until_date:
        # The day itself is included, so the range ends before the first id of the next day.
        first, last = first_id_since(next_day(span.until_date))
        span = replace(span, until=last if first is None else first - 1, until_date=None)
    return span


def next_day(day: str) -> str:
    return (date.fromisoformat(day) + timedelta(days=1)).isoformat()


def freeze(span: IdRange, last: int | None) -> IdRange:
    """The range that ends at the largest id that the source had at its first response."""
    ends = [end for end in (span.until, last) if end is not None]
    # The smaller one: a back-fill that ends earlier keeps its end.
    return replace(span, until=min(ends, default=None))


@dataclass(frozen=True)
class CheckedEnd:
    """`span` with an end that can be trusted; `error`: why the run is incomplete; `note`: what else was observed."""

    span: IdRange
    error: str | None = None
    note: str | None = None


def check_end(span: IdRange, is_requested: bool, max_id: int | None, covered: int | None) -> CheckedEnd:
    """Compare the end that the source reported with the ids that were received and with those in raw.

    The next run starts after this end, so a single wrong `last` would skip all rows up to it for ever. Therefore
    the end is never above the largest id that was received, unless a person requested it.
    """
    if span.until is None or span.start is None or is_requested:
        return CheckedEnd(span)
    if covered is not None and span.until < covered:
        error = (
            f"the source reports {span.until} as its largest id, but raw has ids up to {covered}: was it restored "
            "from a backup? Check it, then copy again with --from"
        )
        return CheckedEnd(span, error)
    if span.until == max_id:
        return CheckedEnd(span)
    # Without any row the watermark stays below this range, and the next run requests it again.
    trusted = max_id if max_id is not None else min(span.until, span.start - 1)
    if span.until <= trusted:
        return CheckedEnd(span)
    note = (
        f"the source reports {span.until} as its largest id, but the largest id received is "
        f"{'none' if max_id is None else max_id}; the next run starts after {trusted}"
    )
    return CheckedEnd(replace(span, until=trusted), note=note)


def check_time_end(
    span: IdRange, is_requested: bool, newest: int | None, field: str, has_rows: bool
) -> CheckedEnd:
    """The end of a window by time: the newest time that was received, so that the clock of the source counts.

    Of a source whose clock is behind ours, later rows have times before our end: the next run would begin after them.
    """
    if span.until is None or span.start is None or is_requested:
        return CheckedEnd(span)
    if newest is None and has_rows:
        note = f"no item has a time in {field!r}: rows of a source whose clock is behind may be left out"
        return CheckedEnd(span, note=note)
    trusted = span.start - 1 if newest is None else newest
    return CheckedEnd(replace(span, until=min(span.until, max(trusted, span.start - 1))))


def describe_gap(span: IdRange, covered: int | None) -> str | None:
    """A note about a range that starts after the watermark; None if it does not."""
    if span.start is None or covered is None or span.start <= covered + 1:
        return None
    return (
        f"ids {covered + 1} to {span.start - 1} were not requested before this window: the next run without "
        "--from starts there"
    )
