"""Read a tab of a spreadsheet as the only page of an endpoint."""

from collections.abc import Callable, Collection, Mapping, Sequence
from types import MappingProxyType
from urllib.parse import quote
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec
import requests
from google.auth.credentials import Credentials

from connector.errors import InvalidResponse, RequestRejected
from connector.extract.workers import IN_FLIGHT
from connector.settings import Settings
from connector.sources.base import fingerprint
from connector.sources.reader import Page
from connector.sources.rest.client import SourceClient
from connector.sources.sheet.cells import cell_text
from connector.sources.sheet.config import Kind, SheetEndpoint, SheetSource
from connector.sources.sheet.google_auth import GoogleAuth
from connector.sources.sheet.header import Header, parse_header
from connector.sources.window import IdRange
from runtime.http_session import open_session
from runtime.retry import RetryPolicy

# What the checks need; without a field mask the response describes every tab completely.
FIELDS = "properties(timeZone),sheets(properties(title),merges)"
# Unformatted, because a formatted value depends on the locale and loses digits.
RENDER_OPTIONS = {"valueRenderOption": "UNFORMATTED_VALUE"}

type Row = list[msgspec.Raw]


class Merge(msgspec.Struct, rename="camel"):
    start_row_index: int = 0
    end_row_index: int = 0


class Properties(msgspec.Struct):
    title: str


class Tab(msgspec.Struct):
    properties: Properties
    merges: list[Merge] = []


class Zone(msgspec.Struct, rename="camel"):
    time_zone: str


class Document(msgspec.Struct):
    properties: Zone
    sheets: list[Tab]


class Values(msgspec.Struct):
    values: list[Row] = []


class SheetReader:
    """Implements sources.reader.Reader. The whole tab is one page: a run copies all of it or nothing."""

    # Sequential, so that page 1 without a next position is the end.
    size, sequential, offset_paged = 0, True, False
    position: str | None = None
    declared_places: Mapping[str, str] = MappingProxyType({})

    def __init__(
        self, client: SourceClient, auth: GoogleAuth, spreadsheet: str, endpoint: SheetEndpoint
    ) -> None:
        self.client = client
        self.auth = auth
        self.spreadsheet = spreadsheet
        self.endpoint = endpoint
        self.where = f"Tab {endpoint.tab!r} of spreadsheet {spreadsheet}"

    @property
    def fingerprint(self) -> str:
        columns = {name: column.header for name, column in self.endpoint.columns.items()}
        parts = [self.spreadsheet, self.endpoint.tab, self.endpoint.header_row, columns]
        return fingerprint(*parts)

    def is_counted(self, number: int, cursor: str | None, items: int) -> bool:
        return False

    def read_page(self, number: int, cursor: str | None, span: IdRange, places: Collection[str] = ()) -> Page:
        rows, zone = self.read_tab()
        header = parse_header(decode_header(rows), self.endpoint, self.where)
        items = [item for row in rows[1:] if (item := self._encode_row(row, header, zone))]
        # The total makes an empty tab a complete run instead of a doubtful one.
        return Page(items, total_pages=1, total_items=len(items))

    def read_tab(self, moments: str = "SERIAL_NUMBER") -> tuple[list[Row], ZoneInfo]:
        """Rows from the header on, and the time zone. `moments`: dateTimeRenderOption of the Sheets API."""
        # Before the values: a renamed tab or merged cells are reported instead of half a table.
        document = self._get("", {"fields": FIELDS}, Document)
        zone = self._parse_zone(document.properties.time_zone)
        self._check_tabs(document.sheets)
        # Always quoted, whatever the title contains; a quote inside it is doubled.
        tab = "'" + self.endpoint.tab.replace("'", "''") + "'"
        options = RENDER_OPTIONS | {"dateTimeRenderOption": moments}
        values = self._get(f"/values/{quote(tab, safe='')}", options, Values).values
        return values[self.endpoint.header_row - 1 :], zone

    def _encode_row(self, row: Row, header: Header, zone: ZoneInfo) -> msgspec.Raw | None:
        """None for a row without a value in any declared column."""
        columns = self.endpoint.columns
        declared = {
            name: cell_at(row, position, columns[name].type, zone)
            for name, position in header.positions.items()
        }
        if not any(
            value not in (None, "false") for value in declared.values()
        ):  # an unticked checkbox is not a value
            return None
        # Column names of raw have no space, so these are reported as drift and never loaded.
        others = {
            f"column {name}": cell_at(row, position, "text", zone) for name, position in header.others.items()
        }
        return msgspec.Raw(msgspec.json.encode(declared | {k: v for k, v in others.items() if v is not None}))

    def _check_tabs(self, tabs: Sequence[Tab]) -> None:
        by_title = {tab.properties.title: tab for tab in tabs}
        if self.endpoint.tab not in by_title:
            raise RequestRejected(
                f"{self.where} does not exist; the spreadsheet has: {', '.join(map(repr, by_title))}. Rename the "
                "tab back, or change the declaration."
            )
        for merge in by_title[self.endpoint.tab].merges:
            if merge.end_row_index >= self.endpoint.header_row:
                raise RequestRejected(
                    f"{self.where} has merged cells in row {merge.start_row_index + 1}, of which only the "
                    "first has a value. Select them, and choose Format > Merge cells > Unmerge."
                )

    def _parse_zone(self, name: str) -> ZoneInfo:
        try:
            return ZoneInfo(name)
        except (ZoneInfoNotFoundError, ValueError, OSError) as error:
            raise RequestRejected(
                f"The time zone {name!r} of spreadsheet {self.spreadsheet} is unknown here. Choose "
                "another in File > Settings."
            ) from error

    def _get[Body](self, path: str, params: dict[str, str], body_type: type[Body]) -> Body:
        def parse(_: requests.Response, body: bytes) -> Body:
            try:
                return msgspec.json.decode(body, type=body_type)
            except msgspec.MsgspecError as error:
                raise InvalidResponse(f"unexpected response of the Sheets API: {error}") from error

        url = f"{self.client.url}/v4/spreadsheets/{quote(self.spreadsheet, safe='')}{path}"
        try:
            return self.client.get(url, params, parse)
        except RequestRejected as error:
            raise self._explain(error) from error

    def _explain(self, error: RequestRejected) -> RequestRejected:
        if error.status == 404:
            message = (
                f"spreadsheet {self.spreadsheet} does not exist. Its id is the part after /d/ in its URL."
            )
            return RequestRejected(message, error.status)
        if error.status == 403:
            account = self.auth.identity
            message = (
                f"{account} may not read spreadsheet {self.spreadsheet}. Share it with {account} as a viewer."
            )
            return RequestRejected(f"{message} ({error})", error.status)
        return error


def decode_header(rows: Sequence[Row]) -> list[object]:
    return [msgspec.json.decode(cell) for cell in rows[0]] if rows else []


def cell_at(row: Row, position: int, kind: Kind, zone: ZoneInfo) -> str | None:
    return cell_text(row[position], kind, zone) if position < len(row) else None


def create_reader(
    source: SheetSource,
    name: str,
    settings: Settings,
    credentials: Credentials,
    retry: Callable[[], RetryPolicy] = RetryPolicy,
) -> SheetReader:
    """The reader of endpoint `name`, with connections of its own."""
    auth = GoogleAuth(credentials)
    client = SourceClient(open_session(IN_FLIGHT), settings.sheets_endpoint, auth, retry())
    return SheetReader(client, auth, settings.source["SPREADSHEET"], source.endpoints[name])
