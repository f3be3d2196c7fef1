"""Whether a success contains rows that failed, for an API whose results are not declared."""

import re
from collections.abc import Collection
from typing import Any

# Names of fields that are true, not empty or not 0 if rows failed, without case and separators: `numErrors`,
# `failed_count`, `rejectedRows`, `hasErrors`.
FAILURE_FIELD = re.compile(
    r"(num|has|total|is|count|partial|row|record|item|input)*"
    r"(error|fail|failed|failure|rejected|rejection|invalid|unprocessed)s?"
    r"(count|counts|row|record|item|entry|entries|id|ids|total|s)*"
)
FAILURE_TEXTS = {
    "error",
    "errors",
    "failed",
    "failure",
    "rejected",
    "invalid",
    "partialfailure",
    "partialerror",
}
STATUS_FIELDS = {"status", "statuscode", "code", "httpstatus", "httpstatuscode", "result", "state", "outcome"}
SUCCESS_FIELDS = {"success", "succeeded", "issuccess", "ok", "valid", "accepted"}
MAX_DEPTH = 6


def reports_failure(body: Any, fields: Collection[str] = (), depth: int = 0) -> bool:
    """Of a response as JSON: also of an entry of a list, and of a mapping inside another one.

    fields: names of the rows that were sent; an API that returns the rows repeats their values.
    """
    if depth > MAX_DEPTH:
        return False
    if isinstance(body, list):
        return any(reports_failure(entry, fields, depth + 1) for entry in body)
    if not isinstance(body, dict):
        return False
    others = {str(name): value for name, value in body.items() if name not in fields}
    return any(is_failure(name, value) for name, value in others.items()) or any(
        reports_failure(value, fields, depth + 1) for value in others.values()
    )


def is_failure(name: str, value: Any) -> bool:
    plain = re.sub(r"[^a-z]", "", name.lower())
    if plain in SUCCESS_FIELDS:
        return value is False or (isinstance(value, str) and value.lower() == "false")
    if plain in STATUS_FIELDS:
        return is_failure_status(value)
    is_empty = not value or (
        isinstance(value, str) and value.strip().lower() in ("0", "false", "none", "null")
    )
    return bool(FAILURE_FIELD.fullmatch(plain)) and not is_empty


def is_failure_status(value: Any) -> bool:
    """`error`, or an HTTP status from 400 on, also as text."""
    if isinstance(value, bool) or value is None:
        return False
    if isinstance(value, int):
        return 400 <= value <= 599
    text = re.sub(r"[^a-z0-9]", "", str(value).lower())
    return text in FAILURE_TEXTS or (text.isdigit() and 400 <= int(text) <= 599)
