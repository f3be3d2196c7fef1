"""Read the first pages of an endpoint and show how they are understood: the commands `try` and `describe`."""

import json
from collections.abc import Iterator
from typing import Any

import msgspec

from connector import raw_schema
from connector.errors import DeclarationError, InvalidResponse
from connector.extract.schema_drift import learn_schema
from connector.landing.page_metadata import ABSENT, ObservedSchema
from connector.sources.planned import PartContent, PlannedReader
from connector.sources.reader import Page, Reader
from connector.sources.window import IdRange

DESCRIBE_PAGES = 3  # more show rarer fields, at the price of more requests to the source
SHOWN_VALUE = 60  # characters


def preview_page(reader: Reader, span: IdRange) -> str:
    """Page 1 as text: counts, totals, the position of the next page, and the fields with types and an example."""
    page = reader.read_page(1, None, span)
    lines = [
        f"items: {len(page.items)}",
        f"total_items: {describe(page.total_items)}, total_pages: {describe(page.total_pages)}",
        f"last: {describe(page.last)}",
        f"next page: {describe_next(reader, page)}",
        f"states that there is more: {describe(page.has_more)}",
    ]
    # Checked as in a run: a wrong declaration is noticed here, before the first copy.
    lines += [f"incomplete: {page.fault}"] if page.fault else []
    lines += [f"note: {page.note}"] if page.note else []
    schema = learn_schema(page.items)
    first = msgspec.json.decode(page.items[0]) if page.items else {}
    for path, types in sorted(schema.fields.items()):
        lines.append(f"  {path:<30} {', '.join(types):<20} {example_of(first, path)}")
    return "\n".join(lines)


def describe(value: object) -> str:
    return "not found" if value is None else str(value)


def describe_next(reader: Reader, page: Page) -> str:
    if not reader.sequential:
        return "by number or offset"
    if reader.position is None:
        return "none; no paging is declared"
    if page.next is not None:
        return page.next
    return (
        f"none; {reader.position} {'exists' if 'next' in page.places else 'does not exist in the response'}"
    )


def example_of(item: Any, path: str) -> str:
    for step in path.split("."):
        item = item[0] if isinstance(item, list) and item else item
        item = item.get(step) if isinstance(item, dict) else None
    text = json.dumps(item, ensure_ascii=False)
    return text if len(text) <= SHOWN_VALUE else f"{text[:SHOWN_VALUE]}…"


def infer_schema(reader: Reader, span: IdRange) -> tuple[str, list[str]]:
    """The JSON of connector/schemas/<table>.json, from the first pages: every leaf is STRING; and the fields that
    cannot be columns under their name."""
    items = [item for page in read_pages(reader, span) for item in page]
    columns = build_columns(learn_schema(items), "")
    if not columns:
        raise InvalidResponse(
            f"the first pages have {len(items)} items and none of them has fields: check `items`, or describe the "
            "endpoint with --from when it has rows."
        )
    usable = select_usable(columns)
    return write_schema(usable), [column["name"] for column in columns if column not in usable]


def select_usable(columns: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Those with a name that raw accepts; of names that differ in case only the first one."""
    names: set[str] = set(map(str.lower, (raw_schema.LOAD_TIME, raw_schema.FILE_NAME)))
    usable = []
    for column in columns:
        try:
            raw_schema.check_name(column["name"], "")
        except DeclarationError:
            continue
        if column["name"].lower() not in names:
            usable.append(column)
        names.add(column["name"].lower())
    return usable


def read_pages(reader: Reader, span: IdRange) -> Iterator[list[msgspec.Raw]]:
    """The items of the first pages."""
    cursor = None
    for number in range(1, DESCRIBE_PAGES + 1):
        page = reader.read_page(number, cursor, span)
        yield page.items
        cursor = page.next
        # Without a position of the next page the chain has ended.
        if not page.items or (reader.sequential and cursor is None):
            return


def preview_plan(reader: PlannedReader, span: IdRange) -> str:
    """The plan and its first part as text: parts, the end of the window, notes, and the fields with an example."""
    plan = reader.make_plan(span)
    lines = [f"parts: {len(plan.parts)}, window until: {describe(plan.until)}", *plan.notes]
    part = reader.read_part(plan.parts[0], "") if plan.parts else PartContent(b"", 0)
    lines.append(f"rows of the first part: {part.rows}, rejected: {len(part.rejects)}")
    # Checked as in a run: without the reason, a file in another format looks like an empty one.
    lines += [f"unreadable: {part.unreadable}"] if part.unreadable else []
    lines += [f"note: {part.note}"] if part.note else []
    first = msgspec.json.decode(part.lines.split(b"\n", 1)[0]) if part.rows else {}
    return "\n".join([*lines, *(f"  {name:<30} {example_of(first, name)}" for name in first)])


def infer_planned_schema(reader: PlannedReader, span: IdRange) -> tuple[str, list[str]]:
    """As infer_schema, from the catalogue of the source where it has one."""
    columns: list[dict[str, Any]] = [
        {"name": name, "type": "STRING", "mode": "NULLABLE", "description": shorten(description)}
        for name, description in reader.describe_columns(span)
    ]
    if not columns:
        raise InvalidResponse(
            "the source has no rows that are new, so no columns can be read from it: describe the endpoint when it has "
            "some, and of files before they are copied."
        )
    usable = select_usable(columns)
    return write_schema(usable), [column["name"] for column in columns if column not in usable]


def shorten(description: str) -> str:
    """At most as long as BigQuery allows."""
    return (
        description
        if len(description) <= raw_schema.MAX_DESCRIPTION
        else f"{description[: raw_schema.MAX_DESCRIPTION - 1]}…"
    )


def write_schema(columns: list[dict[str, Any]]) -> str:
    columns = columns + [
        {
            "name": raw_schema.LOAD_TIME,
            "type": "TIMESTAMP",
            "mode": "REQUIRED",
            "description": "When it was loaded.",
        },
        {
            "name": raw_schema.FILE_NAME,
            "type": "STRING",
            "mode": "REQUIRED",
            "description": "File of the row.",
        },
    ]
    rows = ",\n".join("  " + json.dumps(column, ensure_ascii=False) for column in columns)
    return f"[\n{rows}\n]"


def build_columns(schema: ObservedSchema, path: str) -> list[dict[str, Any]]:
    """Columns for the fields below `path`, in the order in which they were observed."""
    columns: list[dict[str, Any]] = []
    for field in schema.fields_of(path):
        types = [name for name in schema.fields[field] if name != ABSENT]
        inner = build_columns(schema, f"{field}.")
        column: dict[str, Any] = {"name": field[len(path) :], "type": "STRING", "mode": "NULLABLE"}
        # A name inside cannot be renamed: as JSON, the column has all of them.
        if inner and types in (["object"], ["list"]) and select_usable(inner) == inner:
            column |= {"type": "RECORD", "fields": inner}
        # A field of several types cannot be a RECORD: BigQuery would reject the rows of the other types.
        elif "object" in types or "list" in types:
            column["type"] = "JSON"
        if column["type"] == "RECORD" and types == ["list"]:
            column["mode"] = "REPEATED"
        columns.append(column | {"description": f"Field `{field}` of the source."})
    return columns
