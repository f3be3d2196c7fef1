"""A spreadsheet that people keep, declared: which tab, which columns by their header, and what they hold."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal

import msgspec

from connector.declaration import Declared, Endpoint, Name, Source, Text, convert, convert_endpoints
from connector.errors import DeclarationError

Kind = Literal["text", "number", "boolean", "date", "datetime", "time"]


class SheetColumn(Declared, frozen=True, kw_only=True):
    """`header` is the text in the header row, wherever the column is."""

    header: Text
    type: Kind = "text"


class SheetEndpoint(Endpoint, frozen=True, kw_only=True):
    """`columns` by the names that they have in raw. The header is in row `header_row`, counted from 1."""

    tab: Text
    columns: Annotated[dict[Name, SheetColumn], msgspec.Meta(min_length=1)]
    header_row: Annotated[int, msgspec.Meta(ge=1)] = 1


class SheetSource(Source, frozen=True, kw_only=True):
    endpoints: Mapping[Name, SheetEndpoint]

    def variables(self) -> dict[str, str | None]:
        return {"SPREADSHEET": None}


def parse(declared: dict[str, Any], where: str) -> SheetSource:
    """Part by part, so that an error names the very key."""
    endpoints = declared.get("endpoints")
    for name, endpoint in endpoints.items() if isinstance(endpoints, dict) else ():
        columns = endpoint.get("columns") if isinstance(endpoint, dict) else None
        for column, value in columns.items() if isinstance(columns, dict) else ():
            convert(value, SheetColumn, f"{where}: endpoints.{name}.columns.{column}")
    convert_endpoints(endpoints, SheetEndpoint, where)
    source = convert(declared, SheetSource, where)
    if source.secret:
        raise DeclarationError(
            f"{where}: a sheet needs no `secret`; it is shared with the connector's identity."
        )
    for name, sheet in source.endpoints.items():
        check(sheet, f"{where}: endpoints.{name}")
    return source


def check(endpoint: SheetEndpoint, where: str) -> None:
    if endpoint.window:
        raise DeclarationError(f"{where}: a sheet has no `window`, it is read whole.")
    if unknown := set(endpoint.key) - endpoint.columns.keys():
        raise DeclarationError(
            f"{where}.key: {', '.join(sorted(unknown))} is none of the columns, which are: "
            f"{', '.join(endpoint.columns)}."
        )
    headers = [column.header.strip() for column in endpoint.columns.values()]
    if twice := sorted({header for header in headers if headers.count(header) > 1}):
        raise DeclarationError(f"{where}.columns: two of them have the header {twice[0]!r}.")
