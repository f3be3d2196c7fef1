"""Tabs of a spreadsheet: columns from the header row, types from the cells."""

import re
from collections.abc import Mapping, Sequence
from typing import Any
from zoneinfo import ZoneInfo

import msgspec

from connector.errors import DeclarationError
from connector.new_source.request import Credentials, Request
from connector.new_source.samples import TEXT_TYPES, Sample, key_comment, propose_key, require_rows
from connector.new_source.tables import NewColumn, NewTable, Proposal, name_columns
from connector.raw_schema import find_repeated
from connector.sources.sheet.cells import cell_text
from connector.sources.sheet.config import Kind
from connector.sources.sheet.reader import Row, create_reader, decode_header

BOOK = re.compile(r"/spreadsheets/d/([A-Za-z0-9_-]+)")
# Types of ods by those of a sheet. A number may be a float, and a time of the day has no day.
TYPES = {"date": "date", "datetime": "timestamp", "number": "decimal"}
LABELS = {
    "date": "dates (rejected before 1990 and more than a year ahead)",
    "datetime": "times (rejected before 1990 and in the future)",
    "number": "numbers",
}


def propose(request: Request, environ: Mapping[str, str], credentials: Credentials) -> Proposal:
    """Keys of the source, and its tables. DeclarationError, SettingsError or SourceError."""
    address = BOOK.search(request.url)
    book = environ.get(f"{request.name.upper()}_SPREADSHEET") or (address[1] if address else request.url)
    source: Any = request.draft(key=["unknown"], columns={"unknown": {"header": "unknown"}})
    settings = request.settings(source, {**environ, f"{request.name.upper()}_SPREADSHEET": book})
    tables = []
    for name, tab in request.places.items():
        reader = create_reader(source, name, settings, credentials())
        try:
            rows, zone = reader.read_tab()
            formatted, _ = reader.read_tab("FORMATTED_STRING")
        finally:
            reader.client.session.close()
        tables.append(propose_table(request, name, tab, rows, formatted, zone))
    return request.head(), tables


def propose_table(
    request: Request, name: str, tab: str, rows: Sequence[Row], formatted: Sequence[Row], zone: ZoneInfo
) -> NewTable:
    """`formatted`: the same cells with moments as text, which shows what is one."""
    header_row = [str(cell).strip() for cell in decode_header(rows)]
    check_headers(tab, header_row)
    headers = {header: place for place, header in enumerate(header_row) if header}
    pairs = list(zip(rows[1:], formatted[1:], strict=False))
    kinds = {
        header: kind_of([(cell(row, place), cell(text, place)) for row, text in pairs])
        for header, place in headers.items()
    }
    sample = Sample(f"tab {tab!r}", [decode_cells(rows[1:], headers, kinds, zone)])
    require_rows(sample)
    names = name_columns(list(headers), in_lower_case=True)
    columns = [
        propose_column(header, names[header], kinds[header], sample.texts(header)) for header in headers
    ]
    requested = request.keys.get(name, ())
    key = propose_key(sample, columns, requested)
    declared = {names[header]: {"header": header, "type": kinds[header]} for header in headers}
    declared_keys = {"tab": tab} | request.endpoint_options | {"columns": declared}
    return NewTable(name, tab, columns, key, declared_keys, [key_comment(key, sample, bool(requested))])


def check_headers(tab: str, headers: Sequence[str]) -> None:
    if repeated := find_repeated([header for header in headers if header]):
        raise DeclarationError(
            f"tab {tab!r} has several columns {', '.join(map(repr, repeated))}. Rename all but one."
        )


def cell(row: Row, place: int) -> Any:
    value = msgspec.json.decode(row[place]) if place < len(row) else None
    return None if value == "" else value


def kind_of(cells: Sequence[tuple[Any, Any]]) -> Kind:
    """Of a column, by its cells as they are and with moments as text."""
    values = [(value, text) for value, text in cells if value is not None]
    numbers = [value for value, _ in values if isinstance(value, int | float) and not isinstance(value, bool)]
    if values and len(numbers) == len(values):
        if not all(isinstance(text, str) for _, text in values):
            return "number"
        if all(number < 1 for number in numbers):
            return "time"
        return "date" if all(number == int(number) for number in numbers) else "datetime"
    return "boolean" if values and all(isinstance(value, bool) for value, _ in values) else "text"


def decode_cells(
    rows: Sequence[Row], headers: Mapping[str, int], kinds: Mapping[str, Kind], zone: ZoneInfo
) -> list[dict[str, msgspec.Raw]]:
    """Rows with a value, as the connector would write them."""
    texts = [
        {
            header: cell_text(row[place], kinds[header], zone)
            for header, place in headers.items()
            if place < len(row)
        }
        for row in rows
    ]
    return [
        {header: msgspec.Raw(msgspec.json.encode(text)) for header, text in row.items()}
        for row in texts
        if any(text is not None for text in row.values())
    ]


def propose_column(header: str, name: str, kind: Kind, texts: Sequence[str | None]) -> NewColumn:
    text = f"Column `{header}` of the sheet."
    kind_of_ods = TYPES.get(kind, "")
    # Such as birthdays, which the type would reject.
    form = TEXT_TYPES.get(kind_of_ods) if kind != "number" else None
    if not kind_of_ods or (form and not all(form.fullmatch(each) for each in texts if each)):
        return NewColumn(header, name, text)
    note = f"decide: the cells are {LABELS[kind]} now; types.asReceived keeps any text"
    return NewColumn(header, name, text, kind_of_ods, note)
