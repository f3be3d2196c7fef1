"""Client of Dataproc's batches over REST; Google's own package has 30 MB of other services."""

from collections.abc import Mapping
from typing import Any

import msgspec
import requests
from google.api_core.exceptions import from_http_response

from pipeline.batches import Batch
from runtime.google_api import ApiClient

NEWEST = "20"  # an endpoint has one batch at a time, so an active one is among the newest


class Batches(msgspec.Struct):
    batches: list[Batch] = []


class BatchesClient:
    """`api` sends each request once: pipeline.polling repeats it."""

    def __init__(self, api: ApiClient) -> None:
        self.api = api

    def create(self, parent: str, batch_id: str, body: Mapping[str, Any]) -> None:
        self._send("POST", f"{parent}/batches", {"batchId": batch_id}, msgspec.json.encode(body))

    def get(self, name: str) -> Batch:
        return decode(self._send("GET", name, {}), Batch)

    def list_newest(self, parent: str, label_filter: str) -> list[Batch]:
        query = {"filter": label_filter, "orderBy": "create_time desc", "pageSize": NEWEST}
        return decode(self._send("GET", f"{parent}/batches", query), Batches).batches

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
