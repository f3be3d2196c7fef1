"""Which column of a tab is which, told by its header alone: people move columns."""

from collections.abc import Sequence
from dataclasses import dataclass

from connector.errors import SourceRefused
from connector.sheet.declaration import SheetEndpoint


@dataclass(frozen=True)
class Header:
    """Places counted from 0: of the declared columns, and of others by their header."""

    places: dict[str, int]
    others: dict[str, int]


def read(first: Sequence[object], endpoint: SheetEndpoint, where: str) -> Header:
    """SourceRefused where a declared column is missing or there twice: nobody guesses which was meant."""
    headers = [str(cell).strip() for cell in first]
    wanted = {name: column.header.strip() for name, column in endpoint.columns.items()}
    missing = [header for header in wanted.values() if header not in headers]
    if missing:
        has = ", ".join(map(repr, filter(None, headers))) or "nothing"
        raise SourceRefused(
            f"{where} has no column {', '.join(map(repr, missing))} in row {endpoint.header_row}, which has: "
            f"{has}. Give the column its header back, or change the declaration."
        )
    twice = [header for header in wanted.values() if headers.count(header) > 1]
    if twice:
        raise SourceRefused(
            f"{where} has {headers.count(twice[0])} columns {twice[0]!r}. Rename or delete all but one."
        )
    places = {name: headers.index(header) for name, header in wanted.items()}
    known = set(wanted.values())
    others = {header: place for place, header in enumerate(headers) if header and header not in known}
    return Header(places, others)
