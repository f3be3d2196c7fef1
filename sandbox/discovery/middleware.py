"""What every request to one of Google's APIs passes first: which method it calls, and whether it is valid.

This is the one place that knows the API, the method, the resource and the caller of a request before a
service runs. Services read the result from `request.state.api`.
"""

import json
from dataclasses import dataclass, field, replace

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from sandbox.discovery.documents import Document, Json, Method, find_api
from sandbox.discovery.fields import checked_body
from sandbox.discovery.parameters import checked_query
from sandbox.iam.guard import OTHERS, Guard
from sandbox.iam.identities import caller_of
from sandbox.resources.errors import GoogleError, InvalidArgument, NotFound

# These have bodies that are not JSON, as media and batches, and error formats of their own, so they check
# their requests themselves; their methods are matched nevertheless. BigQuery is also less strict than its
# document: Google's Node client sends configuration.query.maxResults, which is not in it.
SELF_CHECKED = {"bigquery.v2", "drive.v3", "sheets.v4", "storage.v1"}


@dataclass(frozen=True)
class ApiRequest:
    """A request after it was matched and checked.

    resource: its name, for create and list that of the parent; path segments are still percent-encoded.
    caller: the e-mail of the service account whose token came along; "" for a person.
    query, body: in camel case, with nothing that the method does not declare; empty if the API is
    self-checked.
    """

    document: Document
    method: Method
    resource: str
    caller: str
    query: dict[str, str] = field(default_factory=dict)
    body: Json = field(default_factory=dict)


class ApiMiddleware:
    """Refuses what an API does not declare, and what the caller may not do; other paths, as those of the
    metadata server, pass.
    """

    def __init__(self, app: ASGIApp, guard: Guard) -> None:
        self.app, self.guard = app, guard

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        # The raw path: a decoded slash or colon of an id would count as a separator or begin a verb.
        api = find_api(scope["raw_path"].decode("ascii", "replace")) if scope["type"] == "http" else None
        if api is None:
            return await self.app(scope, receive, send)
        request = Request(scope, receive)
        matched = match_request(request, *api)
        is_checked = api[0].name not in SELF_CHECKED
        try:
            if is_checked:
                if matched is None:
                    raise NotFound(
                        f"The requested URL {request.url.path} was not found for {request.method}."
                    )
                matched = await check_request(request, matched)
            # After the fields are checked, because required permissions depend on the body. In a thread, because
            # reading policies from SQLite would block the event loop.
            if matched and matched.caller and api[0].name not in OTHERS:
                await run_in_threadpool(self.check_permissions, matched)
        except GoogleError as error:
            return await JSONResponse(error.body(), error.code)(scope, receive, send)
        if is_checked:
            receive = receive_again(await request.body(), receive)
        request.state.api = matched
        return await self.app(scope, receive, send)

    def check_permissions(self, api: ApiRequest) -> None:
        self.guard.check(api.document.path, api.method, api.resource, api.caller, api.body)


def match_request(request: Request, document: Document, path: str) -> ApiRequest | None:
    matched = document.match(request.method, path)
    if not matched:
        return None
    return ApiRequest(document, *matched, caller_of(request.headers.get("Authorization", "")))


async def check_request(request: Request, api: ApiRequest) -> ApiRequest:
    """Raises InvalidArgument for invalid parameters or fields."""
    query = checked_query(api.document, api.method, request.query_params.multi_items())
    body = parse_body(await request.body())
    if api.method.request:
        body = checked_body(api.document, api.method.request, body)
    return replace(api, query=query, body=body)


def receive_again(content: bytes, receive: Receive) -> Receive:
    """Repeats the body, which was read already, for the application, then passes on later messages."""
    messages: list[Message] = [{"type": "http.request", "body": content, "more_body": False}]

    async def receive_next() -> Message:
        return messages.pop() if messages else await receive()

    return receive_next


def parse_body(content: bytes) -> Json:
    try:
        parsed = json.loads(content or b"{}")
    except (ValueError, RecursionError) as error:
        raise InvalidArgument(f"Invalid JSON payload received. {error}") from error
    if not isinstance(parsed, dict):
        raise InvalidArgument("Invalid JSON payload received. The root must be an object.")
    return parsed
