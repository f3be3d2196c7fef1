"""Texts of the page: numbers, times and the verdict. The verdict itself is computed by ops.last_night."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from report.night import Night, Row
from runtime.amounts import describe_amount, format_number

STATES = ("new", "worse", "known", "recovered")
SECONDS_A_MINUTE, MINUTES_AN_HOUR, HOURS_A_DAY = 60, 60, 48


def format_time(value: datetime | None) -> str:
    return f"{value:%Y-%m-%d %H:%M}" if value else ""


def format_age(age: timedelta) -> str:
    """5 min, 3 h, 2 d: whole units, rounded down."""
    minutes = int(age.total_seconds() // SECONDS_A_MINUTE)
    if minutes < MINUTES_AN_HOUR:
        return f"{minutes} min"
    hours = minutes // MINUTES_AN_HOUR
    return f"{hours} h" if hours < HOURS_A_DAY else f"{hours // 24} d"


def describe_finding(finding: Row) -> str:
    """A sentence without its state: `retail/sales could not be copied (3 failed loads)`."""
    # A recovered finding has no value now.
    amount = finding["now"] if finding["now"] is not None else finding["was"]
    size = f" ({describe_amount(amount, finding['unit'])})" if amount is not None else ""
    return f"{finding['subject']} {finding['what']}{size}"


def verdict_level(night: Night) -> str:
    """The class of the first line: error, warning, info or good."""
    # Without the verdict the page must not look as if everything were well.
    if "findings" not in night.rows:
        return "error"
    levels = {finding["severity"] for finding in night.causes if finding["state"] != "recovered"}
    return next((level for level in ("error", "warning", "info") if level in levels), "good")


def describe_verdict(night: Night) -> str:
    """The first line: the worst finding in words and how many others there are, or that nothing is wrong."""
    if "findings" not in night.rows:
        return "The verdict could not be computed."
    active = [finding for finding in night.causes if finding["state"] != "recovered"]
    recovered = [finding for finding in night.causes if finding["state"] == "recovered"]
    if active:
        # sorted() is stable: within a state the worst finding stays first.
        first, *others = sorted(active, key=lambda finding: STATES.index(finding["state"]))
        more = f" And {len(others)} more {plural('finding', len(others))}." if others else ""
        if recovered:
            more += f" {len(recovered)} {plural('finding', len(recovered))} recovered."
        return f"{first['state'].capitalize()}: {describe_finding(first)}.{more}"
    if recovered:
        first, *others = recovered
        more = f" And {len(others)} more." if others else ""
        return f"Nothing is wrong. Recovered: {describe_finding(first)}.{more}"
    return "Nothing is wrong."


def describe_runs(night: Night) -> str:
    """How many runs of the window there were, and how many failed."""
    runs = [run for run in night["runs"] if run["started_at"] >= night.since]
    if "runs" not in night.rows:
        return "The runs could not be read."
    if not runs:
        return "No run of the pipeline left a row."
    failed = sum(run["state"] == "failed" for run in runs)
    return f"{len(runs)} {plural('run', len(runs))}, {failed or 'none'} failed."


def describe_usual(finding: Row) -> str:
    return format_number(finding["usual"]) if finding["usual"] is not None else "–"


def describe_measure(measure: Row) -> str:
    """usual, too much, too little, or too young to say."""
    if measure["usual"] is None:
        return "too young to say"
    if not measure["is_unusual"]:
        return "usual"
    return "too much" if measure["amount"] > measure["usual"] else "too little"


def describe_unusual_hours(measures: Sequence[Row]) -> str:
    """What the crosses of the chart mean: "; × 05: too little, 09: too much", or nothing."""
    unusual = [f"{row['hour']:02}: {describe_measure(row)}" for row in measures if row["is_unusual"]]
    return f"; × {', '.join(unusual)}" if unusual else ""


def plural(word: str, count: int) -> str:
    return word if count == 1 else f"{word}s"


def latest(rows: Sequence[Row], kind: str) -> list[Row]:
    """The measures of last night of one kind."""
    return [row for row in rows if row["kind"] == kind and row["day_number"] == 0]
