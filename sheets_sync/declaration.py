"""An export's file, checked: each thing that is wrong is a sentence that says what it must be."""

import re
from collections.abc import Callable
from typing import Any

from sheets_sync.destinations import kinds
from sheets_sync.errors import ExportError

NAME = re.compile(r"[a-z][a-z0-9_]*")
MODES = ("mirror", "upsert", "update", "insert", "append")
RAW = "raw."  # in front of a table that no model stands between
LONGEST_TITLE = 100  # characters in a tab's title
TYPES = ("STRING", "INT64", "FLOAT64", "NUMERIC", "BOOL", "DATE", "DATETIME", "TIMESTAMP", "TIME")
REQUIRED = {"table", "mode", "key", "columns"}
DEFAULTS: dict[str, Any] = {
    "tab": None,
    "copied": None,
    "order": [],
    "removed": None,
    "drift": "overwrite",
    "shrink": 50,
    "protect": "warning",
    "audit": "Sync log",
    "destination": {"kind": "sheets"},
    "notify": None,  # sheets_sync/notices/declared.py reads it
}


def checked(file: str, content: Any) -> dict[str, Any]:
    """All fields, defaults filled in, each in the form that exports.read takes."""
    given = mapping(file, "the file", content)
    unknown, missing = sorted(set(given) - REQUIRED - set(DEFAULTS)), sorted(REQUIRED - set(given))
    if unknown or missing:
        raise ExportError(
            f"{file}: unknown {unknown}, missing {missing}. An export has {', '.join(sorted(REQUIRED))}, "
            f"and may have {', '.join(sorted(DEFAULTS))}."
        )
    fields = DEFAULTS | given
    checks: dict[str, Callable[[str, str, Any], Any]] = {
        "table": table,
        "mode": one_of(*MODES),
        "key": names,
        "columns": columns,
        "order": order,
        "drift": one_of("overwrite", "keep"),
        "shrink": percent,
        "protect": one_of("warning", "owner", "none"),
        "audit": audit,
        "destination": mapping,
    }
    read = {part: check(file, part, fields[part]) for part, check in checks.items()}
    read["notify"] = fields["notify"]
    read["copied"] = copied(file, fields["copied"], read)
    read["removed"] = removed(file, fields["removed"], read["mode"])
    kinds.check(file, read)
    sheet = read["destination"]["kind"] == "sheets"
    read["tab"] = title(file, "tab", fields["tab"]) if sheet else str(fields["tab"] or "")
    return consistent(file, read)


def consistent(file: str, fields: dict[str, Any]) -> dict[str, Any]:
    known = list(fields["columns"])
    for part, used in (("key", fields["key"]), ("order", [words[0] for words in fields["order"]])):
        if [name for name in used if name not in known] or (part == "key" and not used):
            raise ExportError(f"{file}: {part} is {used}, it must name columns of: {', '.join(known)}.")
    headers = [item["header"] for item in fields["columns"].values()]
    how, name = fields["removed"]
    headers += [name] if how == "mark" else []
    if len(set(headers)) < len(headers):
        raise ExportError(f"{file}: headers {headers} must differ, else nobody can tell columns apart.")
    titles = [fields["tab"], fields["audit"] or "", name if how == "move" else ""]
    named = [title.lower() for title in titles if title]
    if len(set(named)) < len(named):
        raise ExportError(f"{file}: {titles} are titles of different tabs, so they must differ.")
    return fields


def columns(file: str, part: str, value: Any) -> dict[str, dict[str, Any]]:
    found = {}
    for name, item in mapping(file, part, value).items():
        fields = mapping(file, f"columns.{name}", item)
        header, pattern = fields.get("header"), fields.get("format")
        texts = isinstance(header, str) and header.strip() and isinstance(pattern, str | None)
        if set(fields) - {"header", "format", "type"} or not texts:
            raise ExportError(
                f"{file}: columns.{name} is {item!r}, it must be {{header: …, format: …}}, both texts."
            )
        if fields.get("type") not in (None, *TYPES):
            raise ExportError(
                f"{file}: columns.{name}.type is {fields['type']!r}, it must be one of {', '.join(TYPES)}."
            )
        found[identifier(file, part, name)] = fields
    return found


def copied(file: str, value: Any, fields: dict[str, Any]) -> str:
    """How the connector brings a table of raw: `whole` each time, or `incremental`."""
    typed = [name for name, column in fields["columns"].items() if "type" in column]
    if not fields["table"].startswith(RAW) and (value or typed):
        raise ExportError(
            f"{file}: {fields['table']} is a mart, whose columns have their types: `copied` and `type` are "
            f"for tables of raw, such as {RAW}customers."
        )
    return one_of("whole", "incremental")(file, "copied", value or "whole")


def table(file: str, part: str, value: Any) -> str:
    """A mart, or `raw.<table>`."""
    if isinstance(value, str) and value.startswith(RAW):
        return RAW + identifier(file, part, value.removeprefix(RAW))
    return identifier(file, part, value)


def removed(file: str, value: Any, mode: str) -> tuple[str, str]:
    """`delete`, `keep`, `{mark: <header>}` or `{move: <tab>}`; a mirror deletes, other modes keep."""
    if value is None:
        return ("delete" if mode == "mirror" else "keep"), ""
    ways = "delete, keep, {mark: <header>} or {move: <tab>}"
    if isinstance(value, dict) and len(value) == 1 and set(value) <= {"mark", "move"}:
        [(how, name)] = value.items()
        way = str(how), title(file, f"removed.{how}", name)
    elif value in ("delete", "keep"):
        way = value, ""
    else:
        raise ExportError(f"{file}: removed is {value!r}, it must be {ways}.")
    if way[0] != "keep" and mode not in ("mirror", "upsert"):
        raise ExportError(f"{file}: removed is {value!r}, but mode {mode} leaves such rows: write keep.")
    if way[0] == "keep" and mode == "mirror":
        raise ExportError(f"{file}: removed is keep, but a mirror shows exactly the table: use mode upsert.")
    return way


def order(file: str, part: str, value: Any) -> list[list[str]]:
    """`day` or `day desc`"""
    found = []
    for item in sequence(file, part, value):
        words = str(item).split()
        if not words or len(words) > 2 or words[1:] not in ([], ["asc"], ["desc"]):
            raise ExportError(f"{file}: order {item!r} must be a column, or a column and desc.")
        found.append([identifier(file, part, words[0]), *words[1:]])
    return found


def percent(file: str, part: str, value: Any) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= 100:
        raise ExportError(f"{file}: {part} is {value!r}, it must be a whole number of percent, 0 to 100.")
    return value


def audit(file: str, part: str, value: Any) -> str | None:
    return None if value is False else title(file, part, value)


def one_of(*options: str) -> Callable[[str, str, Any], str]:
    def check(file: str, part: str, value: Any) -> str:
        if value not in options:
            raise ExportError(f"{file}: {part} is {value!r}, it must be one of {', '.join(options)}.")
        return str(value)

    return check


def names(file: str, part: str, value: Any) -> list[str]:
    found = [identifier(file, part, item) for item in sequence(file, part, value)]
    if len(set(found)) < len(found):
        raise ExportError(f"{file}: {part} is {found}, each column once.")
    return found


def identifier(file: str, part: str, value: Any) -> str:
    if not isinstance(value, str) or not NAME.fullmatch(value):
        raise ExportError(f"{file}: {part} has {value!r}, it must be a name in snake_case.")
    return value


def title(file: str, part: str, value: Any) -> str:
    if not isinstance(value, str) or not 0 < len(value.strip()) <= LONGEST_TITLE:
        raise ExportError(
            f"{file}: {part} is {value!r}, it must be a title of 1 to {LONGEST_TITLE} characters."
        )
    return value


def mapping(file: str, part: str, value: Any) -> dict[str, Any]:
    if not isinstance(value, dict) or not value:
        raise ExportError(f"{file}: {part} is {value!r}, it must be a mapping with something in it.")
    return {str(key): item for key, item in value.items()}


def sequence(file: str, part: str, value: Any) -> list[Any]:
    if not isinstance(value, list):
        raise ExportError(f"{file}: {part} is {value!r}, it must be a list.")
    return value
