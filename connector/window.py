"""Which rows a run asks for. Both ends are inclusive; the upper one is frozen when the run begins."""

from dataclasses import dataclass
from datetime import date

import msgspec

from connector.declaration import Window
from connector.errors import UsageError


class Span(msgspec.Struct, frozen=True):
    """From `start` or, where the source knows dates, from `start_date`; neither means that the endpoint is
    copied whole."""

    start: int | None = None
    start_date: str | None = None
    until: int | None = None

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
    """What ops.run_log says of an endpoint: the greatest id that is in raw, and when the newest run began
    (ms)."""

    until: int | None = None
    began: int = 0


def asked(endpoint: str, window: Window | None, start: str | None, end: str | None) -> Span:
    """The span that a person typed: `start` an id or a date YYYY-MM-DD, `end` an id; UsageError if it cannot
    be."""
    if window is None:
        if start or end:
            raise UsageError(
                f"{endpoint} has no window, it is copied whole: leave out the start and the end."
            )
        return Span()
    until = whole(end, "end", window) if end else None
    if start and not start.lstrip("-").isdigit():
        return Span(start_date=day(start, endpoint, window), until=until)
    first = whole(start, "start", window) if start else None
    return ordered(Span(first, None, until))


def whole(text: str, what: str, window: Window) -> int:
    if text.isascii() and text.isdigit() and int(text) >= window.first:
        return int(text)
    raise UsageError(f"the {what} '{text}' is not a whole number from {window.first}.")


def day(text: str, endpoint: str, window: Window) -> str:
    try:
        if date.fromisoformat(text).isoformat() == text and window.start_date:
            return text
    except ValueError:
        pass
    or_date = (
        " nor a date such as 2026-01-31" if window.start_date else f"; {endpoint} cannot start at a date"
    )
    raise UsageError(f"the start '{text}' is neither a whole number from {window.first}{or_date}.")


def ordered(span: Span) -> Span:
    if span.start is not None and span.until is not None and span.start > span.until:
        raise UsageError(
            f"the window from {span.start} to {span.until} is empty: the start is after the end."
        )
    return span


def begin(span: Span, window: Window | None, covered: Covered) -> Span:
    """The span with a start: what was asked for, else where the last run ended, `look_back` ids earlier."""
    if window is None or span.start is not None or span.start_date is not None:
        return span
    after = window.first if covered.until is None else covered.until + 1 - window.look_back
    return ordered(Span(max(window.first, after), None, span.until))


def freeze(span: Span, last: int | None) -> Span:
    """The span that ends with the greatest id that the source had when it was first asked."""
    known = [end for end in (span.until, last) if end is not None]
    return Span(span.start, span.start_date, min(known, default=None))


def gap(span: Span, covered: Covered) -> str | None:
    """A sentence about ids that nobody asked for, because the span begins after what raw has; None without a
    gap."""
    if span.start is None or covered.until is None or span.start <= covered.until + 1:
        return None
    return (
        f"ids {covered.until + 1} to {span.start - 1} were never asked for: run again with that start and end"
    )
