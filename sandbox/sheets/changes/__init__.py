"""The requests of spreadsheets.batchUpdate: all of them happen, or none."""

from collections.abc import Callable
from functools import partial
from typing import Any

from sandbox.sheets.book import Book
from sandbox.sheets.changes import (
    cells,
    charts,
    dimensions,
    filters,
    metadata,
    moves,
    names,
    objects,
    protection,
    tabs,
)
from sandbox.sheets.errors import BadRequest, Unsupported

type Change = Callable[[Book, dict[str, Any]], dict[str, Any] | None]

CHANGES: dict[str, Change] = {
    "addSheet": tabs.add,
    "deleteSheet": tabs.delete,
    "duplicateSheet": tabs.duplicate,
    "updateSheetProperties": tabs.update,
    "updateSpreadsheetProperties": tabs.update_spreadsheet,
    "updateCells": cells.update,
    "appendCells": cells.append,
    "repeatCell": cells.repeat,
    "appendDimension": dimensions.append,
    "insertDimension": dimensions.insert,
    "deleteDimension": dimensions.delete,
    "moveDimension": dimensions.move,
    "updateDimensionProperties": dimensions.update,
    "autoResizeDimensions": dimensions.auto_resize,
    "copyPaste": moves.copy_paste,
    "sortRange": moves.sort_range,
    "setBasicFilter": filters.set_basic,
    "clearBasicFilter": filters.clear_basic,
    "addChart": charts.add,
    "updateChartSpec": charts.update,
    "deleteEmbeddedObject": charts.delete,
    "mergeCells": objects.merge,
    "unmergeCells": objects.unmerge,
    "addTable": objects.add_table,
    "deleteTable": objects.delete_table,
    "addConditionalFormatRule": objects.add_rule,
    "deleteConditionalFormatRule": objects.delete_rule,
    "setDataValidation": objects.set_validation,
    "addNamedRange": names.add,
    "updateNamedRange": names.update,
    "deleteNamedRange": names.delete,
    "updateProtectedRange": protection.update,
    "deleteProtectedRange": protection.delete,
    "createDeveloperMetadata": metadata.create,
    "updateDeveloperMetadata": metadata.update,
    "deleteDeveloperMetadata": metadata.delete,
}


def apply(book: Book, requests: list[dict[str, Any]], caller: str) -> tuple[Book, list[dict[str, Any]]]:
    """The spreadsheet after all requests, and a reply to each; `book` itself is unchanged."""
    if not requests:
        raise BadRequest("Must specify at least one request.")
    changed = book.copy()
    replies = [apply_request(changed, place, request, caller) for place, request in enumerate(requests)]
    changed.measure()
    return changed, replies


def apply_request(book: Book, place: int, request: dict[str, Any], caller: str) -> dict[str, Any]:
    if len(request) != 1:
        raise BadRequest(f"Invalid requests[{place}]: exactly one kind of request must be set.")
    [(kind, fields)] = request.items()
    change = partial(protection.add, caller=caller) if kind == "addProtectedRange" else CHANGES.get(kind)
    if change is None:
        raise Unsupported(f"requests[{place}].{kind}: Google has it, this sandbox has not.")
    try:
        protection.guard(book, kind, fields, caller)
        reply = change(book, fields)
    except BadRequest as error:
        raise BadRequest(f"Invalid requests[{place}].{kind}: {error.message}") from error
    return {kind: reply} if reply else {}
