"""Records the changes that Terraform's provider requests; demo/recorded_apply makes a file of them."""

import json
from pathlib import Path
from typing import Any

from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

FILE = "recording.jsonl"
PROVIDER = "terraform-provider-google"  # in its User-Agent; the backend of the state has another
READS = (":getIamPolicy", ":testIamPermissions")  # POST requests that change nothing
BOUNDARY = "recorded-boundary"
BUCKETS = "/storage/v1/b"  # the bootstrap creates the state's bucket, and Terraform grants on it


class Recorder:
    """ASGI middleware: passes every request on and writes a line for every change that was accepted."""

    def __init__(self, app: ASGIApp, root: Path) -> None:
        self.app = app
        self.path = root / FILE

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not is_change(request := Request(scope, receive)):
            return await self.app(scope, receive, send)
        body = await request.body()

        # The body can be read from `receive` only once, so the application gets a copy of it.
        async def receive_body() -> Message:
            return {"type": "http.request", "body": body, "more_body": False}

        async def record_and_send(message: Message) -> None:
            # Written before the response is sent: Terraform then sends the requests that depend on this one, and
            # the file has them in an order that can be replayed.
            if message["type"] == "http.response.start" and message["status"] < 400:
                self.write(request, body)
            await send(message)

        return await self.app(scope, receive_body, record_and_send)

    def write(self, request: Request, body: bytes) -> None:
        line = {
            "method": request.method,
            # The decoded path would not distinguish a slash in an id from a separator.
            "path": request.scope["raw_path"].decode(),
            "query": dict(request.query_params),
            **describe_body(request.headers.get("Content-Type", ""), body),
        }
        with self.path.open("a") as file:
            file.write(json.dumps(line) + "\n")


def describe_body(content_type: str, body: bytes) -> dict[str, Any]:
    """JSON as `body`; an upload, which has two parts, as `text` with its `type`. The provider's boundary is random."""
    if not content_type.startswith("multipart/"):
        return {"body": json.loads(body) if body else None}
    boundary = content_type.partition("boundary=")[2].strip('"')
    return {
        "body": None,
        "text": body.decode().replace(boundary, BOUNDARY),
        "type": f"{content_type.partition(';')[0]}; boundary={BOUNDARY}",
    }


def is_change(request: Request) -> bool:
    """Whether the provider changes a resource or uploads an object, or any client creates a bucket."""
    return (
        (PROVIDER in request.headers.get("User-Agent", "") or request.url.path == BUCKETS)
        and request.method != "GET"
        and not request.url.path.endswith(READS)
    )
