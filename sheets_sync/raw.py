"""A table of raw as if it were a mart: the rows in force, each text as the type that the export says.

raw is append only and knows texts alone. What cannot be typed is kept as Untyped, so that its row is rejected
with the reason."""

import math
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from decimal import Decimal, InvalidOperation
from typing import Any

from sheets_sync.exports import Export

DAYS = 35  # that a whole copy may be old: older ones are not read, however long the history is
# What all names of a run begin with: the last twenty digits of the uuid tell its files apart (docs/adr/0001).
RUN = r"-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\.json$"
WHOLE = re.compile(r"\s*-?[0-9]+\s*")
NUMBER = re.compile(r"\s*-?[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]+)?\s*")


@dataclass(frozen=True)
class Untyped:
    text: str
    type: str

    def __str__(self) -> str:
        return f"{self.text[:60]!r} is no {self.type}"


def select(name: str, export: Export) -> str:
    """Of whole copies the newest, of incremental ones everything; of several rows of a key the newest."""
    columns = ", ".join(f"`{column}`" for column in export.names)
    key = ", ".join(f"`{column}`" for column in export.key)
    types = {column.name: column.type or "STRING" for column in export.columns}
    order = [(item.column, item.descending) for item in export.order]
    order += [(column, False) for column in export.key if column not in dict(order)]
    sorted_by = [f"SAFE_CAST(`{item}` AS {types[item]}){' DESC' if down else ''}" for item, down in order]
    return f"""SELECT {columns} FROM `{name}` WHERE {in_force(name, export.copied)}
        QUALIFY ROW_NUMBER() OVER (
            PARTITION BY {key} ORDER BY SYS_FILE_NAME DESC, TO_JSON_STRING(STRUCT({columns})) DESC
        ) = 1
        ORDER BY {", ".join(sorted_by)}"""


def in_force(name: str, copied: str) -> str:
    if copied == "incremental":
        return "TRUE"
    recent = f"SYS_DATE_CREATE > TIMESTAMP_SUB(CURRENT_TIMESTAMP(), INTERVAL {DAYS} DAY)"
    newest = f"SELECT REGEXP_REPLACE(MAX(SYS_FILE_NAME), r'{RUN}', '') FROM `{name}` WHERE {recent}"
    return f"{recent} AND STARTS_WITH(SYS_FILE_NAME, ({newest}))"


def typed(export: Export, rows: Sequence[Sequence[Any]]) -> list[tuple[Any, ...]]:
    kinds = [column.type or "STRING" for column in export.columns]
    return [tuple(value(text, kind) for text, kind in zip(row, kinds, strict=True)) for row in rows]


def value(text: Any, kind: str) -> Any:
    """None for what is not there, and for a blank that is no STRING."""
    if kind == "STRING" or not isinstance(text, str):
        return text
    if not text.strip():
        return None
    try:
        return READ[kind](text.strip())
    except (ValueError, InvalidOperation):
        return Untyped(text, kind)


def whole(text: str) -> int:
    if not WHOLE.fullmatch(text) or not -(2**63) <= int(text) < 2**63:
        raise ValueError
    return int(text)


def real(text: str) -> float:
    if not NUMBER.fullmatch(text) or not math.isfinite(float(text)):
        raise ValueError
    return float(text)


def numeric(text: str) -> Decimal:
    """38 digits, 9 of them behind the point; nothing is rounded."""
    if not NUMBER.fullmatch(text):
        raise ValueError
    found = Decimal(text)
    if not found:
        return Decimal(0)
    if not -9 <= found.adjusted() <= 28:  # before its digits are written out: 1e-999999999 has many
        raise ValueError
    if len(format(found, "f").partition(".")[2].rstrip("0")) > 9:
        raise ValueError
    return found


def truth(text: str) -> bool:
    if text.lower() not in ("true", "false"):
        raise ValueError
    return text.lower() == "true"


def local(text: str) -> datetime:
    found = datetime.fromisoformat(text)
    if found.tzinfo:
        raise ValueError
    return found


def moment(text: str) -> datetime:
    """Without a zone it is UTC, as BigQuery takes it."""
    found = datetime.fromisoformat(text)
    return found if found.tzinfo else found.replace(tzinfo=UTC)


READ: dict[str, Callable[[str], Any]] = {
    "STRING": str,
    "INT64": whole,
    "FLOAT64": real,
    "NUMERIC": numeric,
    "BOOL": truth,
    "DATE": date.fromisoformat,
    "DATETIME": local,
    "TIMESTAMP": moment,
    "TIME": time.fromisoformat,
}
