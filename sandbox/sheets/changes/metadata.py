"""Developer metadata of tabs, rows and columns, by which programs recognise them."""

from typing import Any

from sandbox.sheets import masks
from sandbox.sheets.book import Book
from sandbox.sheets.changes.names import sheet_of
from sandbox.sheets.errors import BadRequest

TYPES = {"ROWS": "ROW", "COLUMNS": "COLUMN"}
# https://developers.google.com/workspace/sheets/api/guides/metadata: of the spreadsheet, and of each sheet
# with its rows and columns.
MOST_CHARACTERS = 30_000


def create(book: Book, request: dict[str, Any]) -> dict[str, Any]:
    item = dict(request.get("developerMetadata") or {})
    item.setdefault("metadataId", book.fresh_id())
    if any(other["metadataId"] == item["metadataId"] for other in book.metadata):
        raise BadRequest(f"Developer metadata with the id {item['metadataId']} already exists.")
    metadata = valid(book, item)
    book.metadata.append(metadata)
    measure(book, metadata)
    return {"developerMetadata": metadata}


def update(book: Book, request: dict[str, Any]) -> dict[str, Any]:
    mask = masks.parse(request.get("fields") or "", "DeveloperMetadata")
    if not mask:
        raise BadRequest("At least one field must be listed in 'fields'.")
    requested = request.get("developerMetadata") or {}
    chosen = [
        item for condition in request.get("dataFilters") or [] for item in find_metadata(book, condition)
    ]
    if not chosen:
        raise BadRequest("No developer metadata was found that matches the data filters.")
    answer = []
    for item in chosen:
        after = masks.assign(item, requested, mask, "DeveloperMetadata") | {"metadataId": item["metadataId"]}
        book.metadata[book.metadata.index(item)] = valid(book, after)
        measure(book, after)
        answer.append(after)
    return {"developerMetadata": answer}


def delete(book: Book, request: dict[str, Any]) -> dict[str, Any]:
    chosen = find_metadata(book, request.get("dataFilter") or {})
    if not chosen:
        raise BadRequest("No developer metadata was found that matches the data filter.")
    book.metadata = [item for item in book.metadata if item not in chosen]
    return {"deletedDeveloperMetadata": chosen}


def measure(book: Book, item: dict[str, Any]) -> None:
    """BadRequest if keys and values in the location of `item` exceed the limit."""
    near = [other for other in book.metadata if sheet_of(other) == sheet_of(item)]
    size = sum(len(other["metadataKey"]) + len(other.get("metadataValue") or "") for other in near)
    if size > MOST_CHARACTERS:
        raise BadRequest(f"Developer metadata of {size} characters: {MOST_CHARACTERS} is the most.")


def valid(book: Book, item: dict[str, Any]) -> dict[str, Any]:
    for name in ("metadataKey", "visibility", "location"):
        if not item.get(name):
            raise BadRequest(f"developerMetadata.{name} must be specified.")
    return item | {"location": located(book, item["location"])}


def located(book: Book, location: dict[str, Any]) -> dict[str, Any]:
    """The location with the type that Google adds to it."""
    span = location.get("dimensionRange")
    if span:
        book.tab(span.get("sheetId"))
        if span.get("dimension") not in TYPES or span.get("endIndex", 0) - span.get("startIndex", 0) != 1:
            raise BadRequest("developerMetadata.location.dimensionRange must be one row or one column.")
        span_of_one = span | {"startIndex": span.get("startIndex", 0)}
        return {"locationType": TYPES[span["dimension"]], "dimensionRange": span_of_one}
    if location.get("sheetId") is not None:
        book.tab(location["sheetId"])
        return {"locationType": "SHEET", "sheetId": location["sheetId"]}
    if location.get("spreadsheet"):
        return {"locationType": "SPREADSHEET", "spreadsheet": True}
    raise BadRequest("developerMetadata.location must be specified.")


def find_metadata(book: Book, data_filter: dict[str, Any]) -> list[dict[str, Any]]:
    """The metadata that a DataFilter selects; only lookups are supported."""
    lookup = data_filter.get("developerMetadataLookup")
    if not lookup:
        raise BadRequest("dataFilter.developerMetadataLookup must be specified.")
    return [item for item in book.metadata if matches(item, lookup)]


def matches(item: dict[str, Any], lookup: dict[str, Any]) -> bool:
    same = all(
        item.get(name) == lookup[name]
        for name in ("metadataId", "metadataKey", "metadataValue", "visibility")
        if lookup.get(name) is not None
    )
    kind = lookup.get("locationType")
    where = lookup.get("metadataLocation")
    return (
        same
        and (not kind or item["location"]["locationType"] == kind)
        and (not where or inside(item, where, lookup.get("locationMatchingStrategy")))
    )


def inside(item: dict[str, Any], where: dict[str, Any], strategy: str | None) -> bool:
    filter_location = {name: value for name, value in where.items() if name != "locationType"}
    item_location = {name: value for name, value in item["location"].items() if name != "locationType"}
    if strategy == "EXACT_LOCATION" or where.get("spreadsheet"):
        return filter_location == item_location
    return sheet_of(item) == sheet_of({"location": where})
