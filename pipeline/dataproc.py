"""Client of Dataproc's batches over REST; Google's own package has 30 MB of other services."""

from collections.abc import Mapping
from typing import Any

import msgspec
import requests
from google.api_core.exceptions import from_http_response

from pipeline.batches import Batch
from runtime.google_api import ApiClient

# https://docs.cloud.google.com/dataproc-serverless/docs/reference/rest/v1/projects.locations.batches/list
MAX_PAGE_SIZE = 1000


class Batches(msgspec.Struct, rename="camel"):
    batches: list[Batch] = []
    next_page_token: str = ""


class BatchesClient:
    """`api` sends each request once: pipeline.polling repeats it."""

    def __init__(self, api: ApiClient, page_size: int = MAX_PAGE_SIZE) -> None:
        self.api = api
        self.page_size = page_size

    def create(self, parent: str, batch_id: str, body: Mapping[str, Any]) -> None:
        self._send("POST", f"{parent}/batches", {"batchId": batch_id}, msgspec.json.encode(body))

    def get(self, name: str) -> Batch:
        return decode(self._send("GET", name, {}), Batch)

    def list_batches(self, parent: str, label_filter: str) -> list[Batch]:
        """All pages, the newest batches first."""
        query = {"filter": label_filter, "orderBy": "create_time desc", "pageSize": str(self.page_size)}
        batches: list[Batch] = []
        token = ""
        while True:
            page = decode(self._send("GET", f"{parent}/batches", query | {"pageToken": token}), Batches)
            batches += page.batches
            token = page.next_page_token
            if not token:
                return batches

    def cancel(self, operation: str) -> None:
        self._send("POST", f"{operation}:cancel", {}, b"{}")

    def _send(self, method: str, path: str, query: Mapping[str, str], body: bytes = b"") -> bytes:
        """The content of the response; an error of google.api_core for its status."""
        try:
            return self.api.send_once(method, f"/v1/{path}", query, body).content
        except requests.HTTPError as error:
            if error.response is None:
                raise
            raise from_http_response(error.response) from error  # type: ignore[no-untyped-call]


def decode[Body](content: bytes, kind: type[Body]) -> Body:
    try:
        return msgspec.json.decode(content, type=kind)
    except msgspec.MsgspecError as error:
        raise requests.exceptions.InvalidJSONError(f"unexpected response of Dataproc: {error}") from error
