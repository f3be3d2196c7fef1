"""The methods of both APIs: path, quota, parameters and handler."""

from sandbox.sheets.drive import Drive
from sandbox.sheets.gate import SPREADSHEETS, Method
from sandbox.sheets.spreadsheets import Spreadsheets
from sandbox.sheets.store import Store
from sandbox.sheets.values import Values

ONE = SPREADSHEETS + "/{id}"
V3 = "/drive/v3/files"
READ = frozenset({"majorDimension", "valueRenderOption", "dateTimeRenderOption"})
GETTING = READ | {"ranges"}
GRID = frozenset({"ranges", "includeGridData", "excludeTablesInBandedRanges"})
WRITE = frozenset(
    {
        "valueInputOption",
        "insertDataOption",
        "includeValuesInResponse",
        "responseValueRenderOption",
        "responseDateTimeRenderOption",
    }
)
SHARED_DRIVES = frozenset(
    {"supportsAllDrives", "supportsTeamDrives", "includeItemsFromAllDrives", "enforceSingleParent"}
)
LISTING = SHARED_DRIVES | {"q", "pageSize", "pageToken", "orderBy", "corpora", "spaces", "driveId"}
COMMENTS = frozenset({"includeDeleted", "pageSize", "pageToken", "startModifiedTime"})
SHARING = SHARED_DRIVES | {
    "sendNotificationEmail",
    "emailMessage",
    "transferOwnership",
    "pageSize",
    "pageToken",
}


def sheets(store: Store, address: str) -> list[Method]:
    """In the order in which they are matched: the more specific path first."""
    return [*value_methods(Values(store)), *spreadsheet_methods(Spreadsheets(store, address))]


def value_methods(values: Values) -> list[Method]:
    of_values = f"{ONE}/values"
    of_range = f"{of_values}/{{range:path}}"
    batch, body = "BatchGetValuesResponse", "ValueRange"
    update, clear = "BatchUpdateValuesRequest", "BatchClearValuesRequest"
    return [
        Method(
            "values.batchGet", "GET", f"{of_values}:batchGet", "read", values.batch_get, GETTING, None, batch
        ),
        Method(
            "values.batchUpdate",
            "POST",
            f"{of_values}:batchUpdate",
            "write",
            values.batch_update,
            body=update,
        ),
        Method(
            "values.batchClear", "POST", f"{of_values}:batchClear", "write", values.batch_clear, body=clear
        ),
        Method("values.append", "POST", f"{of_range}:append", "write", values.append, WRITE, body),
        Method("values.clear", "POST", f"{of_range}:clear", "write", values.clear),
        Method("values.get", "GET", of_range, "read", values.get, READ, None, body),
        Method("values.update", "PUT", of_range, "write", values.update, WRITE, body),
    ]


def spreadsheet_methods(books: Spreadsheets) -> list[Method]:
    metadata, tab, update = f"{ONE}/developerMetadata", f"{ONE}/sheets/{{sheet:int}}", f"{ONE}:batchUpdate"
    search, copy = "SearchDeveloperMetadataRequest", "CopySheetToAnotherSpreadsheetRequest"
    batch, book = "BatchUpdateSpreadsheetRequest", "Spreadsheet"
    return [
        Method(
            "developerMetadata.search",
            "POST",
            f"{metadata}:search",
            "read",
            books.metadata_search,
            body=search,
        ),
        Method("developerMetadata.get", "GET", f"{metadata}/{{metadata}}", "read", books.metadata_get),
        Method("sheets.copyTo", "POST", f"{tab}:copyTo", "write", books.copy_to, body=copy),
        Method("spreadsheets.batchUpdate", "POST", update, "write", books.batch_update, body=batch),
        Method(
            "spreadsheets.getByDataFilter",
            "POST",
            f"{ONE}:getByDataFilter",
            "read",
            books.get_by_data_filter,
            body="GetSpreadsheetByDataFilterRequest",
            answer=book,
        ),
        Method("spreadsheets.create", "POST", SPREADSHEETS, "write", books.create, body=book, answer=book),
        Method("spreadsheets.get", "GET", ONE, "read", books.get, GRID, answer=book),
    ]


def drive(store: Store) -> list[Method]:
    files = Drive(store)
    of_file = V3 + "/{id}"
    return [
        Method("files.list", "GET", V3, "", files.list, LISTING),
        Method("files.create", "POST", V3, "", files.create, SHARED_DRIVES),
        Method("files.copy", "POST", f"{of_file}/copy", "", files.copy, SHARED_DRIVES),
        Method("files.get", "GET", of_file, "", files.get, SHARED_DRIVES),
        Method("files.update", "PATCH", of_file, "", files.update, SHARED_DRIVES),
        Method("files.delete", "DELETE", of_file, "", files.delete, SHARED_DRIVES),
        Method("comments.list", "GET", f"{of_file}/comments", "", files.comments, COMMENTS),
        Method("permissions.list", "GET", f"{of_file}/permissions", "", files.permissions, SHARING),
        Method("permissions.create", "POST", f"{of_file}/permissions", "", files.share, SHARING),
        Method(
            "permissions.delete", "DELETE", of_file + "/permissions/{permission}", "", files.unshare, SHARING
        ),
    ]
