"""The place of each export, put together for a run."""

from dataclasses import dataclass
from typing import Any

import requests
from google.auth.credentials import Credentials

from sheets_sync.destination import Destination
from sheets_sync.destinations.file import declaration as file_declaration
from sheets_sync.destinations.file.destination import File
from sheets_sync.destinations.http import declaration as http_declaration
from sheets_sync.destinations.http.api import Api, Pace
from sheets_sync.destinations.http.destination import Http
from sheets_sync.destinations.sheets.destination import Sheets, Wishes
from sheets_sync.destinations.sheets.sheet import Client, Spreadsheet
from sheets_sync.exports import Export
from sheets_sync.limiter import Limiter
from sheets_sync.progress import Progress
from sheets_sync.records import key_fields
from sheets_sync.retry import Retry
from sheets_sync.settings import Settings


@dataclass(frozen=True)
class Places:
    """`identity` is who we are, `limiter` keeps the quota that it has for all sheets together."""

    credentials: Credentials
    identity: str
    settings: Settings
    wishes: Wishes
    limiter: Limiter
    progress: Progress

    def of(self, export: Export) -> Destination[Any]:
        said = self.settings.places[export.name]
        match export.destination["kind"]:
            case "http":
                return self.http(export, said["URL"], said.get("API_KEY", ""))
            case "file":
                return self.file(export, said["BUCKET"])
        return self.sheets(export, said["SPREADSHEET"])

    def sheets(self, export: Export, spreadsheet: str) -> Sheets:
        client = Client(self.credentials, self.settings.sheets_endpoint, self.limiter)
        book = Spreadsheet(client, spreadsheet, self.identity, Retry(), self.progress)
        return Sheets(book, self.settings.project_id, self.wishes)

    def http(self, export: Export, url: str, key: str) -> Http:
        fields = export.headers
        declared = http_declaration.read(export.name, export.destination, fields, key_fields(export))
        api = Api(requests.Session(), url, key, declared, Retry(), Pace(declared.per_second))
        memory = f"sheets_sync/{export.name}.ndjson"
        bucket = self.bucket(self.settings.bucket)
        return Http(api, bucket, memory, self.wishes.accept_shrink, self.progress)

    def file(self, export: Export, bucket: str) -> File:
        declared = file_declaration.read(export.name, export.destination)
        wishes = self.wishes
        return File(
            self.bucket(bucket), declared, self.settings.project_id, wishes.adopt, wishes.accept_shrink
        )

    def bucket(self, name: str) -> Any:
        # Cloud Storage's client takes its time to import, and most runs have no use for it.
        from google.cloud.storage import Client as Storage

        from sheets_sync.bucket import Bucket

        return Bucket(Storage(self.settings.project_id, self.credentials), name, self.identity)
