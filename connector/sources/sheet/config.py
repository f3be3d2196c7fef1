"""Declaration of a spreadsheet as a source: its tab, and its columns by header and type."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal

import msgspec

from connector.errors import DeclarationError
from connector.sources.base import (
    Declared,
    Endpoint,
    Name,
    Source,
    Text,
    convert,
    convert_endpoints,
    matching,
)

Kind = Literal["text", "number", "boolean", "date", "datetime", "time"]


class SheetColumn(Declared, frozen=True, kw_only=True):
    """`header` is the text in the header row; the position of the column does not matter."""

    header: Annotated[str, matching(r"\S", "a text that is not blank, for example Net price")]
    type: Kind = "text"


class SheetEndpoint(Endpoint, frozen=True, kw_only=True):
    """`columns` by their names in raw. The header is in row `header_row`, counted from 1."""

    tab: Text
    columns: Annotated[dict[Name, SheetColumn], msgspec.Meta(min_length=1)]
    header_row: Annotated[int, msgspec.Meta(ge=1)] = 1


class SheetSource(Source, frozen=True, kw_only=True):
    endpoints: Mapping[Name, SheetEndpoint]

    def variables(self) -> dict[str, str | None]:
        return {"SPREADSHEET": None}


def parse_sheet_source(declared: dict[str, Any], where: str) -> SheetSource:
    """Convert part by part, so that an error names the key."""
    endpoints = declared.get("endpoints")
    for name, endpoint in endpoints.items() if isinstance(endpoints, dict) else ():
        columns = endpoint.get("columns") if isinstance(endpoint, dict) else None
        for column, value in columns.items() if isinstance(columns, dict) else ():
            convert(value, SheetColumn, f"{where}: endpoints.{name}.columns.{column}")
    convert_endpoints(endpoints, SheetEndpoint, where)
    source = convert(declared, SheetSource, where)
    if source.secret:
        raise DeclarationError(
            f"{where}: remove `secret`: a sheet is shared with the service account of the connector."
        )
    for name, sheet in source.endpoints.items():
        check_endpoint(sheet, f"{where}: endpoints.{name}")
    return source


def check_endpoint(endpoint: SheetEndpoint, where: str) -> None:
    """DeclarationError for a window, an unknown key column, or two columns of one header."""
    if endpoint.window:
        raise DeclarationError(f"{where}: remove `window`: a sheet is always read as a whole.")
    if unknown := set(endpoint.key) - endpoint.columns.keys():
        raise DeclarationError(
            f"{where}.key: {', '.join(sorted(unknown))} is not a column; the columns are: "
            f"{', '.join(endpoint.columns)}."
        )
    # Blanks around a header are invisible in the sheet, so they make no difference.
    headers = [column.header.strip() for column in endpoint.columns.values()]
    if twice := sorted({header for header in headers if headers.count(header) > 1}):
        raise DeclarationError(f"{where}.columns: two columns have the header {twice[0]!r}.")
