"""The sandbox as the demo asks it: Google's REST APIs, BigQuery, and the clock of the shop."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import requests
from google.api_core.exceptions import GoogleAPICallError
from google.auth.credentials import AnonymousCredentials
from google.cloud import bigquery

from demo.errors import Failed
from sandbox.state import State

REGION = "europe-west1"
LOCATION = "EU"  # of bucket and datasets


@dataclass(frozen=True)
class Cloud:
    state: State

    @cached_property
    def bigquery(self) -> bigquery.Client:
        return bigquery.Client(
            project=self.state.project,
            credentials=AnonymousCredentials(),  # type: ignore[no-untyped-call]
            client_options={"api_endpoint": self.state.address},
        )

    def rows(self, sql: str) -> list[dict[str, Any]]:
        try:
            return [dict(row.items()) for row in self.bigquery.query_and_wait(sql)]
        except GoogleAPICallError as error:
            raise Failed(f"{error}; the query was: {sql}") from error

    def location(self, api: str) -> str:
        return f"/{api}/projects/{self.state.project}/locations/{REGION}"

    def call(self, method: str, path: str, body: Any = None) -> Any:
        """The JSON of an answer; Failed when it is an error."""
        answer = requests.request(method, self.state.address + path, json=body, timeout=60)
        if not answer.ok:
            raise Failed(f"{method} {path} was answered with {answer.status_code}: {answer.text[:500]}")
        return answer.json()

    def listed(self, path: str, field: str) -> Iterator[Any]:
        """All items of a paged list."""
        token = ""
        while True:
            page = self.call(
                "GET", f"{path}{'&' if '?' in path else '?'}pageToken={token}" if token else path
            )
            yield from page.get(field, [])
            token = page.get("nextPageToken", "")
            if not token:
                return

    def text(self, path: str) -> str:
        answer = requests.get(self.state.address + path, timeout=60)
        if not answer.ok:
            raise Failed(f"GET {path} was answered with {answer.status_code}: {answer.text[:500]}")
        return answer.text
