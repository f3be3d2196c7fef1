"""What every request to one of Google's APIs passes first: which method it calls, and whether it is valid.

This is the one place that knows the API, the method, the resource and the caller of a request before a
service runs. Services read the result from `request.state.api`.
"""

import json
from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from sandbox.discovery.documents import Document, Json, Method, find_api
from sandbox.discovery.fields import checked_body
from sandbox.discovery.parameters import checked_query
from sandbox.metadata import token_of
from sandbox.resources.errors import GoogleError, InvalidArgument, NotFound

# They check their requests themselves, as their clients send what their documents do not declare: media,
# batches and alternative forms. Their methods are matched nevertheless.
SELF_CHECKED = {"bigquery.v2", "drive.v3", "sheets.v4", "storage.v1"}


@dataclass(frozen=True)
class ApiRequest:
    """A request after it was matched and checked.

    resource: its name, for create and list that of the parent; path segments are still percent-encoded.
    caller: the e-mail of the service account whose token came along; "" for a person.
    query, body: in camel case, with nothing that the method does not declare.
    """

    document: Document
    method: Method
    resource: str
    caller: str
    query: dict[str, str]
    body: Json


class ApiMiddleware:
    """Refuses what the API does not declare; other paths, as those of the metadata server, pass."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        api = find_api(scope["path"]) if scope["type"] == "http" else None
        if api is None or api[0].name in SELF_CHECKED:
            return await self.app(scope, receive, send)
        request = Request(scope, receive)
        try:
            scope.setdefault("state", {})["api"] = await read_request(request)
        except GoogleError as error:
            return await JSONResponse(error.body(), error.code)(scope, receive, send)
        content = await request.body()

        async def receive_again() -> Message:
            return {"type": "http.request", "body": content, "more_body": False}

        return await self.app(scope, receive_again, send)


async def read_request(request: Request) -> ApiRequest:
    """Raises NotFound for an unknown method and InvalidArgument for invalid parameters or fields."""
    path = request.scope["raw_path"].decode()
    api = find_api(path)
    matched = api and api[0].match(request.method, api[1])
    if not api or not matched:
        raise NotFound(f"The requested URL {path} was not found for {request.method}.")
    (document, _), (method, resource) = api, matched
    query = checked_query(document, method, request.query_params.multi_items())
    body = parse_body(await request.body())
    if method.request:
        body = checked_body(document, method.request, body)
    return ApiRequest(document, method, resource, caller_of(request), query, body)


def parse_body(content: bytes) -> Json:
    try:
        parsed = json.loads(content or b"{}")
    except (ValueError, RecursionError) as error:
        raise InvalidArgument(f"Invalid JSON payload received. {error}") from error
    if not isinstance(parsed, dict):
        raise InvalidArgument("Invalid JSON payload received. The root must be an object.")
    return parsed


def caller_of(request: Request) -> str:
    """The identity to which the sandbox's metadata server issued the request's access token."""
    start, header = f"Bearer {token_of('')}", request.headers.get("Authorization", "")
    return header.removeprefix(start) if header.startswith(start) else ""
