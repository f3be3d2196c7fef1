"""Requests of an API: bodies and paths made of rows. And fields of a response by path."""

import json
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote

import msgspec

from sheets_sync.destinations.http.config import PLACEHOLDER, HttpConfig
from sheets_sync.records import Record, decode_value, to_raw_json

MAX_PAYLOAD = 2_000  # characters of a request in a dry run


def build_body(config: HttpConfig, rows: Sequence[Record]) -> bytes:
    """JSON of one request. Numbers keep all digits."""
    items = [build_item(config, row) for row in rows]
    if config.path_fields:
        return msgspec.json.encode(items[0])
    return msgspec.json.encode(config.body | {config.rows: items} if config.rows else items)


def build_item(config: HttpConfig, row: Record) -> dict[str, Any]:
    fields = to_raw_json(row)
    return config.constants | (nest_fields(fields) if config.nested else fields)


def nest_fields(fields: Mapping[str, msgspec.Raw]) -> dict[str, Any]:
    """{"properties.name": x} -> {"properties": {"name": x}}"""
    result: dict[str, Any] = {}
    for path, value in fields.items():
        *parents, name = path.split(".")
        target = result
        for parent in parents:
            target = target.setdefault(parent, {})
        target[name] = value
    return result


def build_path(path: str, row: Record) -> str:
    """`path` with the values of its {fields}, which cannot leave their segment."""
    return PLACEHOLDER.sub(lambda match: quote(str(decode_value(row[match[1]])), safe=""), path)


def read_field(value: Any, path: str) -> Any:
    """`errors.0.message` of an entry; None if a part of the path does not exist. `$` is the value itself."""
    for part in [] if path == "$" else path.split("."):
        if isinstance(value, dict) and part in value:
            value = value[part]
        elif isinstance(value, list) and part.isdigit() and int(part) < len(value):
            value = value[int(part)]
        else:
            return None
    return value


def describe_request(config: HttpConfig, url: str, rows: Sequence[Record]) -> str:
    """The request with its body, indented, for people. Without headers, which contain the key."""
    body = json.dumps(json.loads(build_body(config, rows)), indent=2, ensure_ascii=False)
    excerpt = body if len(body) <= MAX_PAYLOAD else f"{body[:MAX_PAYLOAD]} …"
    return f"{config.method} {url}{build_path(config.path, rows[0])}\n{excerpt}"
