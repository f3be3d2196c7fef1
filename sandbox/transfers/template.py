"""The name of a destination table, made from the time of the run.

    snapshot_{run_date}    sales_{run_time-24h|"%Y%m%d"}

https://cloud.google.com/bigquery/docs/scheduling-queries#destination_table
"""

import re
from datetime import UTC, datetime, timedelta

from sandbox.resources.errors import InvalidArgument

PLACE = re.compile(r'\{(?:run_date|run_time(?P<offset>[+-](?:\d+[hms])+)?(?:\|"(?P<format>[^"]*)")?)\}')
UNITS = {"h": "hours", "m": "minutes", "s": "seconds"}
TABLE = re.compile(r"[\w -]{1,1024}(\$\d{4,10})?")


def check(template: str) -> None:
    """Raises InvalidArgument for a template whose name BigQuery would not take."""
    if template:
        table(template, datetime(2000, 1, 1, tzinfo=UTC))


def table(template: str, run_time: datetime) -> str:
    name = PLACE.sub(lambda found: rendered(found, run_time.astimezone(UTC)), template.replace('\\"', '"'))
    if not TABLE.fullmatch(name):
        raise InvalidArgument(f"Invalid destination table {name!r}, made from {template!r}.")
    return name


def rendered(found: re.Match[str], run_time: datetime) -> str:
    sign = -1 if (found["offset"] or "").startswith("-") else 1
    parts = re.findall(r"(\d+)([hms])", found["offset"] or "")
    offset = sum((timedelta(**{UNITS[unit]: int(count)}) for count, unit in parts), timedelta())
    return (run_time + sign * offset).strftime(found["format"] or "%Y%m%d")
