"""Columns, types and key of a source without a catalogue, from the rows of its first parts or pages.

A sample shows what is there, not what may come: each guess is a question to a person in the written files.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import msgspec

from connector.errors import DeclarationError, RequestRejected
from connector.extract.schema_drift import json_type
from connector.landing.page_metadata import NULL
from connector.new_source.tables import MAX_COMMENT, NewColumn, choose_key, list_names, name_columns
from connector.raw_schema import FILE_NAME
from connector.sources.planned import PlannedReader
from connector.sources.window import IdRange

Row = Mapping[str, msgspec.Raw]
# As a number, a zip code such as 01000 would lose its zero.
WHOLE = "-?(0|[1-9][0-9]{0,17})"
# Rows with other years are rejects (dataform/includes/bounds.js), which a birthday of 1975 should not be.
DAY = "(199[0-9]|20[0-9]{2})-[0-9]{2}-[0-9]{2}"
CLOCK = "[0-2][0-9]:[0-5][0-9](:[0-5][0-9]([.][0-9]+)?)?"
# As types.js, in this order: the first that fits every value.
TEXT_TYPES = {
    "integer": re.compile(WHOLE),
    "decimal": re.compile(rf"({WHOLE})([.][0-9]{{1,9}})?"),
    "date": re.compile(DAY),
    "timestamp": re.compile(rf"{DAY}[Tt ]{CLOCK} ?([Zz]|[+-][0-9]{{2}}:?[0-9]{{2}})?"),
}
LABELS = {
    "integer": "whole numbers",
    "decimal": "numbers of at most nine digits after the point",
    "date": "dates (rejected before 1990 and more than a year ahead)",
    "timestamp": "times (rejected before 1990 and in the future)",
}
# Kinds that write all values as text write objects and lists as such.
JSON_TEXT = re.compile(r"\{.*\}|\[.*\]", re.DOTALL)
MAX_ROWS = 5000  # of a part; all of a large one would take a minute
KEY_NAME = re.compile(r"(^|_)(id|uuid|guid|key|code|sku|number|nr|no|ref|isbn|ean)$")


@dataclass(frozen=True)
class Sample:
    """`parts`: the rows of each part or page, with values as JSON."""

    place: str
    parts: Sequence[Sequence[Row]]

    @property
    def rows(self) -> list[Row]:
        return [row for part in self.parts for row in part]

    @property
    def fields(self) -> list[str]:
        """In the order in which they first occur."""
        return list(dict.fromkeys(name for row in self.rows for name in row))

    def texts(self, field: str, rows: Iterable[Row] | None = None) -> list[str | None]:
        """None for an absent field and for null."""
        return [read_text(row.get(field)) for row in (self.rows if rows is None else rows)]


def read_parts(reader: PlannedReader, place: str) -> Sample:
    """Rows of the first, the middle and the last part. RequestRejected for a part that cannot be read at all."""
    positions = reader.make_plan(IdRange()).parts
    chosen = dict.fromkeys(positions[number] for number in (0, len(positions) // 2, -1) if positions)
    parts = []
    for position in chosen:
        part = reader.read_part(position, "")
        if part.unreadable:
            raise RequestRejected(f"{part.unreadable} Nothing was written.")
        rows = decode_rows(part.lines.splitlines()[:MAX_ROWS])
        parts.append([{name: row[name] for name in row if name != FILE_NAME} for row in rows])
    return Sample(place, parts)


def decode_rows(items: Iterable[bytes | msgspec.Raw]) -> list[Row]:
    """Items that are not objects have no columns."""
    return [
        msgspec.json.decode(item, type=dict[str, msgspec.Raw])
        for item in items
        if json_type(bytes(item)) == "object"
    ]


def read_text(value: msgspec.Raw | None) -> str | None:
    """As in raw: the text itself, the digits of a number, the JSON of an object or a list."""
    if value is None or json_type(bytes(value)) == NULL:
        return None
    content = bytes(value).strip()
    return str(msgspec.json.decode(content)) if content[:1] == b'"' else content.decode()


def require_rows(sample: Sample) -> None:
    """RequestRejected: a schema of no rows would be a guess of nothing."""
    if not sample.fields:
        raise RequestRejected(
            f"{sample.place} has no rows, so no columns can be read from it. Nothing was written: try again when "
            "there are rows, or write the files by hand (docs/reference/source-declaration.md)."
        )


def propose_columns(sample: Sample) -> list[NewColumn]:
    """A column per field; RequestRejected without any."""
    require_rows(sample)
    names = name_columns(sample.fields)
    return [propose_column(sample, field, names[field]) for field in sample.fields]


def propose_column(sample: Sample, field: str, name: str) -> NewColumn:
    values = [value for row in sample.rows if (value := row.get(field)) is not None]
    kinds = {kind for value in values if (kind := json_type(bytes(value))) != NULL}
    texts = [text for text in sample.texts(field) if text is not None]
    label = f"Field `{field}` of the source"[:MAX_COMMENT]
    if kinds & {"object", "list"} or (texts and all(map(JSON_TEXT.fullmatch, texts))):
        return NewColumn(field, name, f"{label}: JSON text.", note="decide: JSON text; json_value reads it")
    if not texts:
        return NewColumn(field, name, f"{label}.", note=f"decide: no value in {len(sample.rows)} rows")
    kind = "" if kinds == {"boolean"} else find_type(texts)
    if not kind:
        return NewColumn(field, name, f"{label}.")
    note = f"decide: {LABELS[kind]} in {len(texts)} rows; types.asReceived keeps any text"
    return NewColumn(field, name, f"{label}.", kind, note)


def find_type(texts: Sequence[str]) -> str:
    """Of types.js; "" if none fits all."""
    return next((name for name, form in TEXT_TYPES.items() if all(map(form.fullmatch, texts))), "")


def propose_key(sample: Sample, columns: Sequence[NewColumn], requested: Sequence[str]) -> list[str]:
    """The requested key, or a field that is named like one and has distinct values; DeclarationError without any.

    Distinct within each part only: a later file may have a newer version of a row.
    """
    names = {column.field: column.name for column in columns}
    if requested:
        return choose_key(sample.place, requested, names)
    for field in sample.fields:
        texts = [sample.texts(field, part) for part in sample.parts]
        if KEY_NAME.search(names[field].lower()) and all(map(is_distinct, texts)):
            return [names[field]]
    raise DeclarationError(
        f"{sample.place} has no field that is named like a key and is different in each of {len(sample.rows)} rows. "
        f"Name the key: --key COLUMN, or --key COLUMN,COLUMN; {list_names(sample.fields)}"
    )


def is_distinct(texts: Sequence[str | None]) -> bool:
    return None not in texts and len(set(texts)) == len(texts)


def key_comment(key: Sequence[str], sample: Sample, is_requested: bool) -> str:
    source = "--key" if is_requested else f"distinct in the {len(sample.rows)} rows that were read"
    return f"decide: is {', '.join(key)} the key of each row? It was taken from: {source}"
