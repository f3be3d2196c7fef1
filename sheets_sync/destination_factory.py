"""Creates the destination of each export for a run."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import requests
from google.auth.credentials import Credentials

from runtime.object_store import ObjectStore, open_bucket
from runtime.rate_limiter import RateLimiter
from sheets_sync.destination import Destination
from sheets_sync.destinations.file.config import FileConfig
from sheets_sync.destinations.file.destination import FileDestination
from sheets_sync.destinations.http.api_client import RowApi
from sheets_sync.destinations.http.config import HttpConfig
from sheets_sync.destinations.http.destination import HttpDestination
from sheets_sync.destinations.http.sync_state import StateObject
from sheets_sync.destinations.sheets.destination import SheetsDestination
from sheets_sync.destinations.sheets.spreadsheet import QUOTA, QUOTA_PERIOD, SheetsClient, Spreadsheet
from sheets_sync.export import Export
from sheets_sync.options import Options
from sheets_sync.progress import Progress
from sheets_sync.settings import Settings, Target
from sheets_sync.transient import RETRY_POLICY


def create_quota_limiters(report: Callable[[str], None]) -> dict[str, RateLimiter]:
    """Limiters for reads and writes of all spreadsheets: Google counts per identity, not per spreadsheet."""

    def report_wait(kind: str, limit: int) -> Callable[[float], None]:
        return lambda seconds: report(f"waiting {seconds:.0f} s: {limit} {kind} calls a minute are allowed")

    return {
        kind: RateLimiter(limit, QUOTA_PERIOD, on_wait=report_wait(kind, limit))
        for kind, limit in QUOTA.items()
    }


@dataclass(frozen=True)
class DestinationFactory:
    """`identity`: mail address of the job's service account. `limiters`: quota of all spreadsheets together."""

    credentials: Credentials
    identity: str
    settings: Settings
    options: Options
    limiters: dict[str, RateLimiter]
    progress: Progress

    def create(self, export: Export, target: Target) -> Destination[Any]:
        match export.destination:
            case HttpConfig() as config:
                return self.create_http(export, config, target)
            case FileConfig() as config:
                store = self.create_store(target.address)
                return FileDestination(store, config, self.settings.project_id, self.options)
            case _:
                return self.create_sheets(target.address)

    def create_sheets(self, spreadsheet_id: str) -> SheetsDestination:
        endpoints = self.settings.sheets_endpoint, self.settings.drive_endpoint
        client = SheetsClient(self.credentials, *endpoints, limiters=self.limiters)
        spreadsheet = Spreadsheet(client, spreadsheet_id, self.identity, RETRY_POLICY, self.progress)
        return SheetsDestination(spreadsheet, self.settings.project_id, self.options)

    def create_http(self, export: Export, config: HttpConfig, target: Target) -> HttpDestination:
        # A period per request instead of requests per second: `per_second` may be a fraction, and no burst is sent.
        limiter = RateLimiter(1 if config.per_second else None, 1 / (config.per_second or 1))
        api = RowApi(requests.Session(), target.address, target.api_key, config, RETRY_POLICY, limiter)
        store = self.create_store(target.state_bucket)
        state = StateObject(store, f"sheets_sync/{export.name}.ndjson", api.address)
        return HttpDestination(api, state, self.options, self.progress)

    def create_store(self, bucket: str) -> ObjectStore:
        return open_bucket(self.credentials, self.settings.storage_endpoint, bucket, connections=1)
