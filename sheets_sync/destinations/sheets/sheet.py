"""A spreadsheet of Google. The only file that imports gspread; all it takes is the HTTP client."""

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

from sheets_sync.destinations.sheets import document
from sheets_sync.destinations.sheets.blocks import Rows
from sheets_sync.destinations.sheets.document import Document, Tab
from sheets_sync.errors import Busy, Invalid, NotFound, NotShared, OutcomeUnknown, Refused, SheetError
from sheets_sync.limiter import Limiter
from sheets_sync.progress import Progress, silent
from sheets_sync.retry import Retry, retry_after
from sheets_sync.settings import ENDPOINT

TIMEOUT = (10, 190)  # seconds to connect, to answer: Sheets gives a request up after 180
CHUNK = 2_000_000  # bytes of values in a request


# https://developers.google.com/sheets/api/limits: a minute, of a user in a project. A project has 300, which
# one user cannot use up.
QUOTA = {"read": 60, "write": 60}


class Client(gspread.HTTPClient):  # type: ignore[misc]
    """gspread's client for another address, within the quota, counting what it sends."""

    def __init__(self, auth: Credentials, endpoint: str = ENDPOINT, limiter: Limiter | None = None) -> None:
        super().__init__(auth)
        self.endpoint = endpoint
        self.limiter = limiter or Limiter(QUOTA)
        self.calls = 0
        self.set_timeout(TIMEOUT)

    def request(self, method: str, endpoint: str, *args: Any, **kwargs: Any) -> requests.Response:
        if kwargs.get("json") is not None:  # without the blanks that requests would put in
            kwargs["data"] = compact(kwargs.pop("json"))
            kwargs["headers"] = {"Content-Type": "application/json"}
        self.limiter.admit("read" if method.upper() == "GET" else "write")
        self.calls += 1
        answer: requests.Response = super().request(
            method, endpoint.replace(ENDPOINT, self.endpoint, 1), *args, **kwargs
        )
        return answer


class Spreadsheet:
    """`identity` is who we are, for the sentence that says whom to share it with."""

    def __init__(
        self, client: Client, spreadsheet: str, identity: str, retry: Retry, progress: Progress | None = None
    ) -> None:
        self.client = client
        self.id = spreadsheet
        self.identity = identity
        self.retry = retry
        self.progress = progress or silent()

    @property
    def calls(self) -> int:
        """Requests sent, those sent again included."""
        return self.client.calls

    def read(self) -> Document:
        params = {"fields": document.FIELDS}
        return document.read(self.send(lambda: self.client.fetch_sheet_metadata(self.id, params)))

    def cells(self, tab: Tab, width: int, memory: Tab | None = None) -> tuple[Rows, list[Any], Rows]:
        """The first `width` columns, trailing blanks cut, dates as serial numbers; all of row 1; and the
        first column of the tab that remembers."""
        last = rowcol_to_a1(tab.rows, max(1, min(width, tab.columns)))
        ranges = [f"{quoted(tab.title)}!A1:{last}", f"{quoted(tab.title)}!1:1"]
        ranges += [f"{quoted(memory.title)}!A1:A{memory.rows}"] if memory else []
        ours, first, *log = self.values(ranges)
        return ours, (first or [[]])[0], log[0] if log else []

    def values(self, ranges: Sequence[str]) -> list[list[list[Any]]]:
        """The unformatted values of each range, in one call."""
        params = {"valueRenderOption": "UNFORMATTED_VALUE", "dateTimeRenderOption": "SERIAL_NUMBER"}
        answer = self.send(lambda: self.client.values_batch_get(self.id, ranges, params))
        return [found.get("values", []) for found in answer["valueRanges"]]

    def change(self, batch: Sequence[Mapping[str, Any]]) -> None:
        """All requests or none. Never sent again once it may have been done."""
        self.send(lambda: self.client.batch_update(self.id, {"requests": list(batch)}), resend=False)

    def fill(self, title: str, rows: Rows) -> None:
        """Write a whole tab, as it is (RAW), to fixed places: twice is as good as once."""
        for start, chunk in chunks(rows):
            data = [{"range": f"{quoted(title)}!A{start + 1}", "values": chunk}]
            body = {"valueInputOption": "RAW", "data": data}
            self.progress.tell(f"writing row {start:,} of {len(rows):,}")
            self.send(partial(self.client.values_batch_update, self.id, body))

    def send[T](self, call: Callable[[], T], resend: bool = True) -> T:
        return self.retry.run(lambda: self.understood(call), resend)

    def understood[T](self, call: Callable[[], T]) -> T:
        """The answer, or what is wrong in our own words."""
        try:
            return call()
        except APIError as error:
            raise self.refusal(error) from error
        except requests.ConnectTimeout as error:
            raise Busy(f"Sheets does not answer: {error}") from error
        except (requests.RequestException, ValueError) as error:
            raise OutcomeUnknown(f"The connection to Sheets broke: {error}") from error
        except GoogleAuthError as error:
            raise SheetError(f"Google gave no credentials for Sheets: {error}") from error

    def refusal(self, error: APIError) -> SheetError:
        code, said = error.response.status_code, str(error)
        if code == 404:
            return NotFound(
                f"There is no spreadsheet {self.id}. Its id is the part after /d/ in its address."
            )
        if "protected cell" in said:
            return Refused(
                f"Somebody protected cells that belong to the export. Let {self.identity} edit them "
                f"(Data > Protect sheets and ranges), or take the protection away. ({said})"
            )
        if code == 403 and "has not been used in project" in said:
            return SheetError(f"The Sheets API is off. Terraform switches it on: apply it. ({said})")
        if code == 403:
            return NotShared(
                f"{self.identity} may not edit spreadsheet {self.id}. "
                f"Share it with {self.identity} as an editor. ({said})"
            )
        if code == 429:
            hint = retry_after(error.response)
            return Busy(f"The quota of the Sheets API is used up. ({said})", hint, quota=True)
        if code >= 500:
            return OutcomeUnknown(f"Sheets failed. ({said})")
        return Invalid(f"Sheets refused a request for spreadsheet {self.id}. ({said})")


def chunks(rows: Rows) -> Iterator[tuple[int, list[list[Any]]]]:
    """Pieces of at most CHUNK bytes, each with its first row's place."""
    start, size, piece = 0, 0, list[list[Any]]()
    for place, row in enumerate(rows):
        length = len(compact(row)) + 1
        if piece and size + length > CHUNK:
            yield start, piece
            start, size, piece = place, 0, []
        piece.append(list(row))
        size += length
    if piece:
        yield start, piece


def compact(value: Any) -> bytes:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode()


def quoted(title: str) -> str:
    return "'" + title.replace("'", "''") + "'"
