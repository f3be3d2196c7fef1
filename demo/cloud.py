"""Client of the sandbox for the demo: Google's REST APIs, and BigQuery through its own client."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any
from urllib.parse import quote

import requests
from google.api_core.exceptions import GoogleAPICallError
from google.auth.credentials import AnonymousCredentials
from google.cloud import bigquery

from demo.errors import StepFailed
from sandbox.state import State

REGION = "europe-west1"
LOCATION = "EU"  # of the bucket and the datasets
TIMEOUT_SECONDS = 60
NOT_FOUND = 404
CLOCK = "/sandbox/retail/clock"
# The sandbox's Sheets and Drive take any token that is not a service account's for the spreadsheets' owner.
OWNER = {"Authorization": "Bearer owner"}


@dataclass(frozen=True)
class Cloud:
    """`state` is that of a running sandbox. Every method raises StepFailed when the response is an error."""

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
            raise StepFailed(f"{error}; the query was: {sql}") from error

    def location(self, api: str) -> str:
        """`run/v2` -> /run/v2/projects/<project>/locations/<region>."""
        return f"/{api}/projects/{self.state.project}/locations/{REGION}"

    def call(self, method: str, path: str, body: Any = None) -> Any:
        """The JSON of a response."""
        return self._request(method, path, body).json()

    def delete(self, path: str) -> None:
        self._request("DELETE", path)

    def exists(self, path: str) -> bool:
        """Whether a resource exists: False for a 404, StepFailed for other errors."""
        url = self.state.address + path
        if requests.get(url, headers=OWNER, timeout=TIMEOUT_SECONDS).status_code == NOT_FOUND:
            return False
        # The second request raises StepFailed for errors other than 404.
        self.call("GET", path)
        return True

    def get_text(self, path: str) -> str:
        return self._request("GET", path).text

    def list_items(self, path: str, field: str) -> Iterator[Any]:
        """The items of all pages; `field` is the name of the list in a page."""
        token, separator = "", "&" if "?" in path else "?"
        while True:
            page = self.call("GET", f"{path}{separator}pageToken={quote(token, safe='')}" if token else path)
            yield from page.get(field, [])
            token = page.get("nextPageToken", "")
            if not token:
                return

    def _request(self, method: str, path: str, body: Any = None) -> requests.Response:
        response = requests.request(
            method, self.state.address + path, json=body, headers=OWNER, timeout=TIMEOUT_SECONDS
        )
        if not response.ok:
            raise StepFailed(f"{method} {path} failed with {response.status_code}: {response.text[:500]}")
        return response
