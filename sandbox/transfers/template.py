"""The name of a destination table, with placeholders for the time of the run.

    snapshot_{run_date}    sales_{run_time-24h|"%Y%m%d"}

https://cloud.google.com/bigquery/docs/scheduling-queries#destination_table
"""

import re
from datetime import UTC, datetime, timedelta

from sandbox.resources.errors import InvalidArgument

PLACEHOLDER = re.compile(r'\{(?:run_date|run_time(?P<offset>[+-](?:\d+[hms])+)?(?:\|"(?P<format>[^"]*)")?)\}')
UNITS = {"h": "hours", "m": "minutes", "s": "seconds"}
TABLE = re.compile(r"[\w -]{1,1024}(\$\d{4,10})?")


def check_template(template: str) -> None:
    """Raises InvalidArgument for a template whose result is not a valid table name."""
    if template:
        table_name(template, datetime(2000, 1, 1, tzinfo=UTC))


def table_name(template: str, run_time: datetime) -> str:
    name = PLACEHOLDER.sub(
        lambda match: render(match, run_time.astimezone(UTC)), template.replace('\\"', '"')
    )
    if not TABLE.fullmatch(name):
        raise InvalidArgument(f"Invalid destination table {name!r}, from the template {template!r}.")
    return name


def render(match: re.Match[str], run_time: datetime) -> str:
    sign = -1 if (match["offset"] or "").startswith("-") else 1
    parts = re.findall(r"(\d+)([hms])", match["offset"] or "")
    offset = sum((timedelta(**{UNITS[unit]: int(count)}) for count, unit in parts), timedelta())
    return (run_time + sign * offset).strftime(match["format"] or "%Y%m%d")
