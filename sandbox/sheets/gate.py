"""The steps of every call: identify the caller, check the quota, inject a fault, respond."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

from starlette.datastructures import QueryParams
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from sandbox.sheets import masks
from sandbox.sheets.errors import ApiError, BadRequest, Unauthenticated
from sandbox.sheets.schema import check
from sandbox.sheets.store import OWNER, Store
from sandbox.sheets.traffic import Reset, Traffic

# What every Google API takes: https://cloud.google.com/apis/docs/system-parameters
SPREADSHEETS = "/sheets/v4/spreadsheets"
SYSTEM = {"alt", "fields", "key", "prettyPrint", "quotaUser", "$alt", "$fields", "uploadType"}


@dataclass(frozen=True)
class Call:
    """A parsed request: `caller` is a mail address, `path` are the variables in the path."""

    caller: str
    path: dict[str, str]
    query: QueryParams
    body: dict[str, Any] = field(default_factory=dict)

    def flag(self, name: str) -> bool:
        return self.query.get(name, "false").lower() == "true"

    def choice(self, name: str, options: tuple[str, ...]) -> str:
        """An enum in the query; its first option is the default."""
        value = self.query.get(name, options[0])
        if value not in options:
            raise BadRequest(f"Invalid value at '{name}', \"{value}\"")
        return value


type Handler = Callable[[Call], dict[str, Any]]


@dataclass(frozen=True)
class Method:
    """A method of the API. `cost` is the quota it uses (read, write, or none), `takes` are its query parameters."""

    kind: str
    verb: str
    path: str
    cost: str
    handler: Handler
    takes: frozenset[str] = frozenset()
    body: str | None = None  # the message in its body
    answer: str = ""  # the message of its response, if `fields` is checked


class Cut(Response):
    """A response that is shorter than its Content-Length: the server then closes the connection."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = [(b"content-length", b"1000"), (b"content-type", b"application/json")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": b'{"', "more_body": True})


class Gate:
    def __init__(self, store: Store, traffic: Traffic) -> None:
        self.store = store
        self.traffic = traffic

    def route(self, method: Method) -> Route:
        # One event loop runs these, and none of them waits between reading and writing a spreadsheet:
        # calls are isolated from each other, like transactions.
        async def endpoint(request: Request) -> Response:
            return self.answer(method, request, await request.body())

        return Route(method.path, endpoint, methods=[method.verb])

    def routes(self, method: Method) -> list[Route]:
        """Also with a slash after the spreadsheet's id, as the npm package google-spreadsheet calls it."""
        slashed = f"{SPREADSHEETS}/{{id}}"
        if not method.path.startswith(slashed) or method.path.startswith(f"{slashed}/"):
            return [self.route(method)]
        rest = method.path.removeprefix(slashed)
        return [self.route(method), self.route(replace(method, path=f"{slashed}/{rest}"))]

    def answer(self, method: Method, request: Request, content: bytes) -> Response:
        record = {
            "kind": method.kind,
            "cost": method.cost,
            "bytes": len(content),
            "answered": 0,
            "status": 200,
        }
        self.traffic.calls.append(record)
        try:
            response = JSONResponse(self.perform(method, request, content, record))
            record["answered"] = len(response.body)
            return response
        except ApiError as error:
            record["status"] = error.code
            headers = {"Retry-After": str(error.retry_after)} if error.retry_after is not None else None
            return JSONResponse(error.body(), error.code, headers)
        except Reset:
            record["status"] = 0
            return Cut()

    def perform(
        self, method: Method, request: Request, content: bytes, record: dict[str, Any]
    ) -> dict[str, Any]:
        caller = record["caller"] = identify(request)
        fault = self.traffic.admit(method.kind, method.cost, caller) if method.cost else None
        if fault and not fault.applied:
            raise fault.error()
        unknown = set(request.query_params) - method.takes - SYSTEM
        if unknown:
            raise BadRequest(
                f'Invalid JSON payload received. Unknown name "{min(unknown)}": Cannot bind query parameter.'
            )
        call = Call(caller, dict(request.path_params), request.query_params, read(content, method.body))
        answer = method.handler(call)
        if fault:
            raise fault.error()
        mask = call.query.get("fields")
        return masks.select(answer, masks.parse(mask, method.answer)) if mask else answer


def identify(request: Request) -> str:
    """The identity in a token of the sandbox; any other token belongs to the owner of the spreadsheets."""
    kind, _, token = request.headers.get("authorization", "").partition(" ")
    if kind.lower() != "bearer" or not token:
        raise Unauthenticated(
            "Request is missing required authentication credential. Expected OAuth 2 access token."
        )
    return token.removeprefix("sandbox.") if token.startswith("sandbox.") and "@" in token else OWNER


def read(content: bytes, message: str | None) -> dict[str, Any]:
    if not content:
        return {}
    try:
        body = json.loads(content)
    except ValueError:
        raise BadRequest("Invalid JSON payload received. Unexpected token.") from None
    if message:
        check(message, body)
    if not isinstance(body, dict):
        raise BadRequest("Invalid JSON payload received. Root element must be a message.")
    return body
