"""Which rows a run asks for. Both ends are inclusive; the upper one is frozen when the run begins."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta

import msgspec
from msgspec.structs import replace

from connector.declaration import Window
from connector.errors import UsageError


class Span(msgspec.Struct, frozen=True):
    """From `start` to `until`, both included; where the source knows days, they stand in for ids until it is
    asked for them. Neither means that the endpoint is copied whole."""

    start: int | None = None
    start_date: str | None = None
    until: int | None = None
    until_date: str | None = None

    def params(self, window: Window | None) -> dict[str, str]:
        if window is None:
            return {}
        values = [
            (window.start, self.start),
            (window.start_date, self.start_date),
            (window.until, self.until),
        ]
        return {name: str(value) for name, value in values if name and value is not None}


@dataclass(frozen=True)
class Covered:
    """What ops.run_log says of an endpoint: the greatest id up to which nothing was left out since its first
    run, and when the newest run began (ms)."""

    until: int | None = None
    began: int = 0


def asked(endpoint: str, window: Window | None, start: str | None, end: str | None) -> Span:
    """The span that a person typed, each end an id or a day YYYY-MM-DD; UsageError if it cannot be."""
    if window is None:
        if start or end:
            raise UsageError(
                f"{endpoint} has no window, it is copied whole: leave out the start and the end."
            )
        return Span()
    first, first_day = typed(start, "start", endpoint, window)
    last, last_day = typed(end, "end", endpoint, window)
    return ordered(Span(first, first_day, last, last_day))


def typed(text: str | None, what: str, endpoint: str, window: Window) -> tuple[int | None, str | None]:
    """Either an id or a day."""
    if not text:
        return None, None
    if text.lstrip("-").isdigit():
        return whole(text, what, window), None
    return None, day(text, what, endpoint, window)


def whole(text: str, what: str, window: Window) -> int:
    if text.isascii() and text.isdigit() and int(text) >= window.first:
        return int(text)
    raise UsageError(f"the {what} '{text}' is not a whole number from {window.first}.")


def day(text: str, what: str, endpoint: str, window: Window) -> str:
    try:
        if date.fromisoformat(text).isoformat() == text and window.start_date:
            return text
    except ValueError:
        pass
    or_date = (
        " nor a date such as 2026-01-31" if window.start_date else f"; {endpoint} cannot be asked for dates"
    )
    raise UsageError(f"the {what} '{text}' is neither a whole number from {window.first}{or_date}.")


def ordered(span: Span) -> Span:
    ids = span.start is not None and span.until is not None and span.start > span.until
    days = span.start_date and span.until_date and span.start_date > span.until_date
    if ids or days:
        ends = (span.start_date, span.until_date) if days else (span.start, span.until)
        raise UsageError(f"the window from {ends[0]} to {ends[1]} is empty: the start is after the end.")
    return span


def begin(span: Span, window: Window | None, covered: Covered) -> Span:
    """The span with a start: what was asked for, else where the last run ended, `look_back` ids earlier."""
    if window is None or span.start is not None or span.start_date is not None:
        return span
    after = window.first if covered.until is None else covered.until + 1 - window.look_back
    return ordered(replace(span, start=max(window.first, after)))


def dated(span: Span, first_since: Callable[[str], tuple[int | None, int | None]]) -> Span:
    """The span in ids. `first_since` tells, for a day, the first id since it (None: there is none yet) and
    the greatest id of all."""
    if span.start_date:
        first, last = first_since(span.start_date)
        start = first if first is not None else None if last is None else last + 1
        span = replace(span, start=start, start_date=None)
    if span.until_date:
        first, last = first_since(after(span.until_date))
        span = replace(span, until=last if first is None else first - 1, until_date=None)
    return span


def after(day: str) -> str:
    return (date.fromisoformat(day) + timedelta(days=1)).isoformat()


def freeze(span: Span, last: int | None) -> Span:
    """The span that ends with the greatest id that the source had when it was first asked."""
    known = [end for end in (span.until, last) if end is not None]
    return replace(span, until=min(known, default=None))


def gap(span: Span, covered: int | None) -> str | None:
    """A sentence about a span that begins after what raw has; None if it does not."""
    if span.start is None or covered is None or span.start <= covered + 1:
        return None
    way_out = "the next run without a start goes on there"
    return f"ids {covered + 1} to {span.start - 1} were not asked for before this window: {way_out}"
