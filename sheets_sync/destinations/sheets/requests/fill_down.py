"""Formulas of users' columns, copied to new rows if the export declares it."""

from collections.abc import Mapping, Sequence

from sheets_sync.destinations.sheets.desired.cells import Rows
from sheets_sync.destinations.sheets.diff.compare import ResultRow
from sheets_sync.destinations.sheets.diff.minimal_moves import group_consecutive
from sheets_sync.destinations.sheets.requests import batch
from sheets_sync.destinations.sheets.requests.batch import Request

type FormulaRows = Mapping[int, frozenset[int]]  # by column: indexes below the header of rows with a formula


def find_formula_rows(headers: Sequence[str], rows: Rows, order: Sequence[int]) -> FormulaRows:
    """`rows` contain formulas as text, header first. `order`: the columns as they will be, by number now."""
    first_row = rows[0] if rows else []
    result = {}
    for target, column in enumerate(order):
        if column < len(first_row) and first_row[column] in headers:
            result[target] = frozenset(
                index
                for index, row in enumerate(rows[1:])
                if column < len(row) and isinstance(row[column], str) and str(row[column]).startswith("=")
            )
    return result


def fill_formulas(tab: int, rows: Sequence[ResultRow], formula_rows: FormulaRows) -> list[Request]:
    """Copy into each new row the formula of the nearest row above that has one, otherwise below.

    Only formulas are copied: a text that a user keeps in that column belongs to its row.
    """
    new = group_consecutive([at for at, row in enumerate(rows) if row.origin is None])
    requests = []
    for column, origins in formula_rows.items():
        sources = [at for at, row in enumerate(rows) if row.origin in origins]
        for start, end in new if sources else ():
            nearest = max((at for at in sources if at < start), default=sources[0])
            source = batch.grid_range(tab, 1 + nearest, 2 + nearest, column + 1, column)
            target = batch.grid_range(tab, 1 + start, 1 + end, column + 1, column)
            requests.append(batch.copy_cells(source, target, "PASTE_FORMULA"))
    return requests
