"""Keeps the changes that Terraform's provider asks for, as they come; `record.py` makes a record of them."""

import json
from pathlib import Path

from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

FILE = "recording.jsonl"
PROVIDER = "terraform-provider-google"  # in its User-Agent; the backend, which keeps the state, has another
READS = (":getIamPolicy", ":testIamPermissions")
BUCKETS = "/storage/v1/b"  # the bucket of the state is the bootstrap's, and Terraform grants on it


class Recorder:
    """Passes everything on, and writes a line for every change that was accepted."""

    def __init__(self, app: ASGIApp, root: Path) -> None:
        self.app = app
        self.path = root / FILE

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not changes(request := Request(scope, receive)):
            return await self.app(scope, receive, send)
        body = await request.body()

        async def replayed() -> Message:
            return {"type": "http.request", "body": body, "more_body": False}

        async def noted(message: Message) -> None:
            if message["type"] == "http.response.start" and message["status"] < 400:
                self.write(request, body)
            await send(message)

        return await self.app(scope, replayed, noted)

    def write(self, request: Request, body: bytes) -> None:
        line = {
            "method": request.method,
            "path": request.scope["raw_path"].decode(),
            "query": dict(request.query_params),
            "body": json.loads(body) if body else None,
        }
        with self.path.open("a") as file:
            file.write(json.dumps(line) + "\n")


def changes(request: Request) -> bool:
    """Whether it is the provider's or makes a bucket, and no read.

    Contents of objects are not JSON, and are not kept.
    """
    return (
        (PROVIDER in request.headers.get("User-Agent", "") or request.url.path == BUCKETS)
        and request.method != "GET"
        and not request.url.path.endswith(READS)
        and not request.url.path.startswith("/upload/")
    )
