"""The methods of both APIs: path, quota, parameters, and who carries them out."""

from sandbox.sheets.drive import Drive
from sandbox.sheets.gate import Method
from sandbox.sheets.spreadsheets import Spreadsheets
from sandbox.sheets.store import Store
from sandbox.sheets.values import Values

V4 = "/sheets/v4/spreadsheets"
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
    """In the order they are matched: the more particular path first."""
    books, values = Spreadsheets(store, address), Values(store)
    one, kept = V4 + "/{id}", V4 + "/{id}/values"
    ranged = kept + "/{range:path}"
    erased = "BatchClearValuesRequest"
    changed, written = "BatchUpdateSpreadsheetRequest", "BatchUpdateValuesRequest"
    search, copied = "SearchDeveloperMetadataRequest", "CopySheetToAnotherSpreadsheetRequest"
    return [
        Method(
            "values.batchGet",
            "GET",
            f"{kept}:batchGet",
            "read",
            values.batch_get,
            GETTING,
            answer="BatchGetValuesResponse",
        ),
        Method(
            "values.batchUpdate", "POST", f"{kept}:batchUpdate", "write", values.batch_update, body=written
        ),
        Method("values.batchClear", "POST", f"{kept}:batchClear", "write", values.batch_clear, body=erased),
        Method("values.append", "POST", f"{ranged}:append", "write", values.append, WRITE, "ValueRange"),
        Method("values.clear", "POST", f"{ranged}:clear", "write", values.clear),
        Method("values.get", "GET", ranged, "read", values.get, READ, answer="ValueRange"),
        Method("values.update", "PUT", ranged, "write", values.update, WRITE, "ValueRange"),
        Method(
            "developerMetadata.search",
            "POST",
            f"{one}/developerMetadata:search",
            "read",
            books.metadata_search,
            body=search,
        ),
        Method(
            "developerMetadata.get", "GET", one + "/developerMetadata/{metadata}", "read", books.metadata_get
        ),
        Method(
            "sheets.copyTo", "POST", one + "/sheets/{sheet:int}:copyTo", "write", books.copy_to, body=copied
        ),
        Method(
            "spreadsheets.batchUpdate",
            "POST",
            f"{one}:batchUpdate",
            "write",
            books.batch_update,
            body=changed,
        ),
        Method(
            "spreadsheets.create", "POST", V4, "write", books.create, body="Spreadsheet", answer="Spreadsheet"
        ),
        Method("spreadsheets.get", "GET", one, "read", books.get, GRID, answer="Spreadsheet"),
    ]


def drive(store: Store) -> list[Method]:
    files = Drive(store)
    one = V3 + "/{id}"
    return [
        Method("files.list", "GET", V3, "", files.list, LISTING),
        Method("files.create", "POST", V3, "", files.create, SHARED_DRIVES),
        Method("files.copy", "POST", f"{one}/copy", "", files.copy, SHARED_DRIVES),
        Method("files.get", "GET", one, "", files.get, SHARED_DRIVES),
        Method("files.update", "PATCH", one, "", files.update, SHARED_DRIVES),
        Method("files.delete", "DELETE", one, "", files.delete, SHARED_DRIVES),
        Method("comments.list", "GET", f"{one}/comments", "", files.comments, COMMENTS),
        Method("permissions.list", "GET", f"{one}/permissions", "", files.permissions, SHARING),
        Method("permissions.create", "POST", f"{one}/permissions", "", files.share, SHARING),
        Method("permissions.delete", "DELETE", one + "/permissions/{permission}", "", files.unshare, SHARING),
    ]
