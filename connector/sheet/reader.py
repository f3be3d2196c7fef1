"""A tab of a spreadsheet as the one page of an endpoint."""

from collections.abc import Callable, Sequence
from urllib.parse import quote
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec
import requests
from google.auth.credentials import Credentials

from connector.connections import session
from connector.errors import SourceGarbled, SourceRefused
from connector.fetch import IN_FLIGHT
from connector.pages import Page
from connector.rest.api import Api
from connector.retries import Retries
from connector.settings import Settings
from connector.sheet import cells, header
from connector.sheet.declaration import Kind, SheetEndpoint, SheetSource
from connector.sheet.header import Header
from connector.sheet.login import Login
from connector.window import Span

FIELDS = "properties(timeZone),sheets(properties(title),merges)"
EXACT = {"valueRenderOption": "UNFORMATTED_VALUE", "dateTimeRenderOption": "SERIAL_NUMBER"}

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
    """A Reader of connector/reader.py. The whole tab is one page: a run has all of it or nothing."""

    size, chained, stepped = 0, True, False

    def __init__(self, api: Api, login: Login, spreadsheet: str, endpoint: SheetEndpoint) -> None:
        self.api = api
        self.login = login
        self.spreadsheet = spreadsheet
        self.endpoint = endpoint
        self.where = f"Tab {endpoint.tab!r} of spreadsheet {spreadsheet}"

    def page(self, number: int, cursor: str | None, span: Span) -> Page:
        document = self.ask("", {"fields": FIELDS}, Document)
        zone = self.zone(document.properties.time_zone)
        self.check(document.sheets)
        tab = "'" + self.endpoint.tab.replace("'", "''") + "'"
        rows = self.ask(f"/values/{quote(tab, safe='')}", EXACT, Values).values[
            self.endpoint.header_row - 1 :
        ]
        first = [msgspec.json.decode(cell) for cell in rows[0]] if rows else []
        places = header.read(first, self.endpoint, self.where)
        found = [item for row in rows[1:] if (item := self.item(row, places, zone))]
        return Page(found, total_pages=1, total_items=len(found))

    def item(self, row: Row, places: Header, zone: ZoneInfo) -> msgspec.Raw | None:
        """None for a row in which nothing is declared that has a value."""
        kinds = self.endpoint.columns
        declared = {name: at(row, place, kinds[name].type, zone) for name, place in places.places.items()}
        if not any(value not in (None, "false") for value in declared.values()):  # a box that nobody ticked
            return None
        # Their names have a space, which no column of raw has: never loaded, always reported as drift.
        others = {f"column {name}": at(row, place, "text", zone) for name, place in places.others.items()}
        return msgspec.Raw(msgspec.json.encode(declared | {k: v for k, v in others.items() if v is not None}))

    def check(self, tabs: Sequence[Tab]) -> None:
        found = {tab.properties.title: tab for tab in tabs}
        if self.endpoint.tab not in found:
            raise SourceRefused(
                f"{self.where} is not there; the spreadsheet has: {', '.join(map(repr, found))}. Rename the "
                "tab back, or change the declaration."
            )
        for merge in found[self.endpoint.tab].merges:
            if merge.end_row_index >= self.endpoint.header_row:
                raise SourceRefused(
                    f"{self.where} has merged cells in row {merge.start_row_index + 1}, of which only the "
                    "first has a value. Select them, and choose Format > Merge cells > Unmerge."
                )

    def zone(self, name: str) -> ZoneInfo:
        try:
            return ZoneInfo(name)
        except (ZoneInfoNotFoundError, ValueError) as error:
            raise SourceRefused(
                f"The time zone {name!r} of spreadsheet {self.spreadsheet} is unknown here. Choose "
                "another in File > Settings."
            ) from error

    def ask[Answer](self, path: str, params: dict[str, str], kind: type[Answer]) -> Answer:
        def read(_: requests.Response, body: bytes) -> Answer:
            try:
                return msgspec.json.decode(body, type=kind)
            except msgspec.MsgspecError as error:
                raise SourceGarbled(f"no answer of the Sheets API: {error}") from error

        url = f"{self.api.url}/v4/spreadsheets/{quote(self.spreadsheet, safe='')}{path}"
        try:
            return self.api.get(url, params, read)
        except SourceRefused as error:
            raise self.refusal(error) from error

    def refusal(self, error: SourceRefused) -> SourceRefused:
        if error.status == 404:
            said = f"There is no spreadsheet {self.spreadsheet}. Its id is the part after /d/ in its address."
            return SourceRefused(said, error.status)
        if error.status == 403:
            who = self.login.identity
            said = f"{who} may not read spreadsheet {self.spreadsheet}. Share it with {who} as a viewer."
            return SourceRefused(f"{said} ({error})", error.status)
        return error


def at(row: Row, place: int, kind: Kind, zone: ZoneInfo) -> str | None:
    return cells.text(row[place], kind, zone) if place < len(row) else None


def assemble(
    source: SheetSource,
    name: str,
    settings: Settings,
    credentials: Credentials,
    retries: Callable[[], Retries] = Retries,
) -> SheetReader:
    """The reader of endpoint `name`, with connections of its own."""
    login = Login(credentials)
    api = Api(session(IN_FLIGHT), settings.sheets_endpoint, login, retries())
    return SheetReader(api, login, settings.source["SPREADSHEET"], source.endpoints[name])
