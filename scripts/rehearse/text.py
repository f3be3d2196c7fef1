"""The result of a rehearsal for people: per run, table and day."""

from collections.abc import Iterator, Mapping
from typing import Any

from runtime.delivery.releases import Rehearsal

MOST_DAYS = 14  # of a table; the JSON has all
Json = Mapping[str, Any]


def format_rehearsal(rehearsal: Rehearsal) -> Iterator[str]:
    result = rehearsal.result
    yield (
        f"rehearsal {rehearsal.release} of commit {rehearsal.commit or 'unknown'}, on clones as of "
        f"{rehearsal.moment:%Y-%m-%d %H:%M:%S} UTC"
    )
    yield f"code      {', '.join(result['changed_code']) or 'no table has other code than live'}"
    for table in result["no_longer_written"]:
        yield f"warning   no model writes {table} any more; its rows stay as they are"
    for run in result["runs"]:
        yield f"{run['run']}:"
        differing = [table for table in run["tables"] if has_difference(table)]
        for table in differing:
            yield from format_table(table)
        if not differing:
            yield "  no row differs"
    if rehearsal.reason:
        yield f"failed    {rehearsal.reason}"


def describe_result(rehearsal: Rehearsal) -> str:
    """One sentence: failed, or how many tables differ."""
    if rehearsal.state == "failed":
        return f"The candidate failed: {' '.join((rehearsal.reason or 'unknown').split())}"
    tables = {
        table["table"] for run in rehearsal.result["runs"] for table in run["tables"] if has_difference(table)
    }
    return (
        f"Rows of {len(tables)} {'table' if len(tables) == 1 else 'tables'} would differ: {', '.join(sorted(tables))}."
        if tables
        else "No row differs."
    )


def has_difference(table: Json) -> bool:
    return bool(table["is_new"] or any(table["columns"].values()) or changed_days(table))


def changed_days(table: Json) -> list[Json]:
    return [day for day in table["days"] if any(day[kind] for kind in ("added", "removed", "changed"))]


def format_table(table: Json) -> Iterator[str]:
    days = changed_days(table)
    yield f"  {table['table']}{' (new)' if table['is_new'] else ''}: {count(total(days))}"
    for kind, columns in table["columns"].items():
        if columns and not table["is_new"]:
            yield f"    columns {kind}: {', '.join(columns)}"
    printed = days[-MOST_DAYS:] if days and days[-1]["day"] else []
    if earlier := len(days) - len(printed) if printed else 0:
        yield f"    {earlier} earlier days: {count(total(days[:earlier]))}"
    for day in printed:
        yield f"    {day['day']}: {count(day)}; {day['before']} rows before, {day['after']} after"


def total(days: list[Json]) -> Json:
    return {kind: sum(day[kind] for day in days) for kind in ("added", "removed", "changed")}


def count(counts: Json) -> str:
    """As in a diff: + added, - removed, ~ changed."""
    return f"+{counts['added']} -{counts['removed']} ~{counts['changed']} rows"
