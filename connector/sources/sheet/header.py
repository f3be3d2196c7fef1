"""Find the declared columns of a tab by their headers, because people move columns."""

from collections.abc import Sequence
from dataclasses import dataclass

from connector.errors import RequestRejected
from connector.sources.sheet.config import SheetEndpoint


@dataclass(frozen=True)
class Header:
    """Positions counted from 0: of the declared columns by name, and of other columns by header."""

    positions: dict[str, int]
    others: dict[str, int]


def parse_header(first: Sequence[object], endpoint: SheetEndpoint, where: str) -> Header:
    """RequestRejected if a declared column is missing or ambiguous."""
    headers = [str(cell).strip() for cell in first]
    declared = {name: column.header.strip() for name, column in endpoint.columns.items()}
    missing = [header for header in declared.values() if header not in headers]
    if missing:
        has = ", ".join(map(repr, filter(None, headers))) or "nothing"
        raise RequestRejected(
            f"{where} has no column {', '.join(map(repr, missing))} in row {endpoint.header_row}, which has: "
            f"{has}. Restore the header of the column, or change the declaration."
        )
    ambiguous = [header for header in declared.values() if headers.count(header) > 1]
    if ambiguous:
        raise RequestRejected(
            f"{where} has {headers.count(ambiguous[0])} columns {ambiguous[0]!r}. Rename or delete all but one."
        )
    positions = {name: headers.index(header) for name, header in declared.items()}
    declared_headers = set(declared.values())
    others = {
        header: position
        for position, header in enumerate(headers)
        if header and header not in declared_headers
    }
    return Header(positions, others)
