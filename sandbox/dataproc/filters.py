"""The filter of a list of batches: comparisons with `=`, joined by AND.

state = RUNNING and labels.environment=production
"""

import re

from sandbox.resources.errors import InvalidArgument
from sandbox.resources.store import Json

COMPARISON = re.compile(r'\s*(?P<field>[\w.-]+)\s*=\s*"?(?P<value>[^"\s]*)"?\s*')


def matches(text: str, batch: Json) -> bool:
    """InvalidArgument for what Google has and this sandbox does not: OR, NOT, other operators and fields."""
    comparisons = re.split(r"\s(?:and|AND)\s", text) if text.strip() else []
    return all(compare(comparison, batch) for comparison in comparisons)


def compare(text: str, batch: Json) -> bool:
    match = COMPARISON.fullmatch(text)
    if match is None:
        raise InvalidArgument(
            f"The sandbox does not support the filter {text!r}, only FIELD = VALUE and AND."
        )
    field, value = match["field"], match["value"]
    if field.startswith("labels."):
        return bool(batch.get("labels", {}).get(field.removeprefix("labels.")) == value)
    values = {
        "state": batch["state"],
        "batch_id": batch["name"].rsplit("/", 1)[-1],
        "batch_uuid": batch["uuid"],
    }
    if field not in values:
        raise InvalidArgument(f"The sandbox does not support {field!r} in a filter.")
    return bool(values[field] == value)
