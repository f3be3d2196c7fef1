"""A spreadsheet of Google. The only file that imports gspread, of which it uses the HTTP client."""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any

import gspread
import requests
from google.auth.credentials import Credentials
from google.auth.exceptions import GoogleAuthError
from gspread.exceptions import APIError
from gspread.utils import rowcol_to_a1

from runtime.rate_limiter import RateLimiter
from runtime.retry import RetryPolicy, parse_retry_after
from sheets_sync.destinations.sheets.current.document import FIELDS, Document, Tab, parse_document
from sheets_sync.destinations.sheets.desired.cells import Rows
from sheets_sync.destinations.sheets.requests.staging import MAX_REQUEST_BYTES
from sheets_sync.errors import (
    Invalid,
    NotFound,
    NotShared,
    OutcomeUnknown,
    Refused,
    SheetError,
    SyncError,
    TransientError,
)
from sheets_sync.progress import Progress, silent_progress
from sheets_sync.settings import DRIVE_ENDPOINT
from sheets_sync.transient import call_with_retry

GOOGLE_ENDPOINT = "https://sheets.googleapis.com"  # gspread's constant, replaced by the configured one
TIMEOUT = (10, 190)  # seconds to connect, and to answer: Sheets aborts a request after 180

# Per user of a project and minute: https://developers.google.com/sheets/api/limits. The project's own quota
# of 300 cannot be used up by one user.
QUOTA = {"read": 60, "write": 60}
QUOTA_PERIOD = 60.0  # seconds


# Not BackOffHTTPClient: it retries a permanent 5xx without limit, and repeats writes that may have been applied.
class SheetsClient(gspread.HTTPClient):  # type: ignore[misc]
    """gspread's client for a configurable endpoint, within the quota. `calls` counts the requests."""

    def __init__(
        self,
        auth: Credentials,
        endpoint: str = GOOGLE_ENDPOINT,
        drive_endpoint: str = DRIVE_ENDPOINT,
        limiters: Mapping[str, RateLimiter] | None = None,
    ) -> None:
        super().__init__(auth)
        self.endpoint, self.drive_endpoint = endpoint, drive_endpoint
        self.limiters = limiters or {}
        self.calls = 0
        self.set_timeout(TIMEOUT)

    def request(self, method: str, endpoint: str, *args: Any, **kwargs: Any) -> requests.Response:
        if kwargs.get("json") is not None:  # requests would add blanks
            kwargs["data"] = compact_json(kwargs.pop("json"))
            kwargs["headers"] = {"Content-Type": "application/json"}
        limiter = self.limiters.get("read" if method.upper() == "GET" else "write")
        if limiter:
            limiter.wait()
        self.calls += 1
        # gspread imports its constants by name, so the address can only be replaced in a request.
        url = endpoint.replace(GOOGLE_ENDPOINT, self.endpoint, 1)
        response: requests.Response = super().request(method, url, *args, **kwargs)
        return response


class Spreadsheet:
    """`identity`: mail address of the job's service account, for errors that name whom to share it with."""

    def __init__(
        self,
        client: SheetsClient,
        spreadsheet_id: str,
        identity: str,
        retry: RetryPolicy,
        progress: Progress | None = None,
    ) -> None:
        self.client = client
        self.id = spreadsheet_id
        self.identity = identity
        self.retry = retry
        self.progress = progress or silent_progress()

    @property
    def calls(self) -> int:
        """Requests sent so far, retries included."""
        return self.client.calls

    def read_document(self) -> Document:
        fields = {"fields": FIELDS}
        return parse_document(self._send(lambda: self.client.fetch_sheet_metadata(self.id, fields)))

    def read_version(self) -> str:
        """Drive's version of the file, "" if Drive does not return it.

        It reflects every change made to the file, but may be reported some minutes late: equal versions mean
        that nothing older was missed. https://developers.google.com/workspace/drive/api/reference/rest/v3/files
        """
        url = f"{self.client.drive_endpoint}/drive/v3/files/{self.id}"
        params = {"fields": "version", "supportsAllDrives": "true"}
        try:
            response = self._send(lambda: self.client.request("get", url, params=params).json())
            return str(response.get("version", ""))
        except SyncError:  # such as an API that is off, or a scope that the caller lacks
            return ""

    def read_cells(self, tab: Tab, width: int, state_tab: Tab | None = None) -> tuple[Rows, list[Any], Rows]:
        """The first `width` columns, all of row 1, and the first column of the state tab.

        In one request. Trailing blank cells are cut; dates are serial numbers.
        """
        last = rowcol_to_a1(tab.rows, max(1, min(width, tab.columns)))
        ranges = [f"{quote_title(tab.title)}!A1:{last}", f"{quote_title(tab.title)}!1:1"]
        ranges += [f"{quote_title(state_tab.title)}!A1:A{state_tab.rows}"] if state_tab else []
        cells, first_row, *state = self.read_values(ranges)
        return cells, (first_row or [[]])[0], state[0] if state else []

    def read_values(self, ranges: Sequence[str]) -> list[list[list[Any]]]:
        """The unformatted values of each range, in one request."""
        params = {"valueRenderOption": "UNFORMATTED_VALUE", "dateTimeRenderOption": "SERIAL_NUMBER"}
        response = self._send(lambda: self.client.values_batch_get(self.id, ranges, params))
        return [values.get("values", []) for values in response["valueRanges"]]

    def read_formulas(self, tab: Tab) -> Rows:
        """All cells of a tab, formulas as text."""
        last = rowcol_to_a1(tab.rows, tab.columns)
        ranges = [f"{quote_title(tab.title)}!A1:{last}"]
        params = {"valueRenderOption": "FORMULA"}
        response = self._send(lambda: self.client.values_batch_get(self.id, ranges, params))
        values: Rows = response["valueRanges"][0].get("values", [])
        return values

    def apply_batch(self, batch: Sequence[Mapping[str, Any]]) -> None:
        """All requests or none. Never sent again after it may have been applied: OutcomeUnknown then."""
        self._send(lambda: self.client.batch_update(self.id, {"requests": list(batch)}), resend=False)

    def write_values(self, title: str, rows: Rows) -> None:
        """Write a whole tab unparsed (RAW), to fixed places: idempotent."""
        for start, piece in split_rows(rows):
            data = [{"range": f"{quote_title(title)}!A{start + 1}", "values": piece}]
            body = {"valueInputOption": "RAW", "data": data}
            self.progress.set_step(f"writing row {start:,} of {len(rows):,}")
            self._send(partial(self.client.values_batch_update, self.id, body))

    def _send[T](self, call: Callable[[], T], resend: bool = True) -> T:
        return call_with_retry(self.retry, lambda: self._translate_errors(call), resend)

    def _translate_errors[T](self, call: Callable[[], T]) -> T:
        try:
            return call()
        except APIError as error:
            raise self._describe_rejection(error) from error
        # Without a connection nothing was sent, so also a write may be repeated.
        except requests.ConnectTimeout as error:
            raise TransientError(f"Sheets does not answer: {error}") from error
        except (requests.RequestException, ValueError) as error:
            raise OutcomeUnknown(f"The connection to Sheets broke: {error}") from error
        except GoogleAuthError as error:
            raise SheetError(f"Google gave no credentials for Sheets: {error}") from error

    def _describe_rejection(self, error: APIError) -> SyncError:
        status, message = error.response.status_code, str(error)
        if status == 404:
            return NotFound(
                f"There is no spreadsheet {self.id}. Its id is the part after /d/ in its address."
            )
        if "protected cell" in message:
            return Refused(
                "A user protected cells that the export writes, or through which it inserts or moves rows. Let "
                f"{self.identity} edit them "
                f"(Data > Protect sheets and ranges), or remove the protection. ({message})"
            )
        # Before the general 403: sharing the spreadsheet would not help.
        if status == 403 and "has not been used in project" in message:
            return SheetError(f"The Sheets API is off. Terraform enables it: apply it. ({message})")
        if status == 403:
            return NotShared(
                f"{self.identity} may not edit spreadsheet {self.id}. "
                f"Share it with {self.identity} as an editor. ({message})"
            )
        if status == 429:
            retry_after = parse_retry_after(error.response.headers.get("Retry-After"))
            return TransientError(
                f"The quota of the Sheets API is used up. ({message})", retry_after, quota=True
            )
        # A batch may have been applied before the error, so it is not a transient error.
        if status >= 500:
            return OutcomeUnknown(f"Sheets failed. ({message})")
        return Invalid(f"Sheets rejected a request for spreadsheet {self.id}. ({message})")


def split_rows(rows: Rows) -> Iterator[tuple[int, list[list[Any]]]]:
    """Pieces of at most MAX_REQUEST_BYTES, each with the index of its first row."""
    start, size, piece = 0, 0, list[list[Any]]()
    for index, row in enumerate(rows):
        length = len(compact_json(row)) + 1
        if piece and size + length > MAX_REQUEST_BYTES:
            yield start, piece
            start, size, piece = index, 0, []
        piece.append(list(row))
        size += length
    if piece:
        yield start, piece


def compact_json(value: Any) -> bytes:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode()


def quote_title(title: str) -> str:
    return "'" + title.replace("'", "''") + "'"
