"""The caller of a request. A path can name the identity too, for clients that cannot send a token: the Dataform CLI.

/as/dataform-runner@project.iam.gserviceaccount.com/bigquery/v2/projects/…
"""

from contextvars import ContextVar
from urllib.parse import quote, unquote

from starlette.types import ASGIApp, Receive, Scope, Send

from sandbox.metadata import token_of

START = f"Bearer {token_of('')}"
PREFIX = "/as/"

# The caller of the request that is being answered; BigQuery's jobs inherit it.
caller: ContextVar[str] = ContextVar("caller", default="")


def caller_of(authorization: str) -> str:
    """The e-mail in a token of the sandbox's metadata server; "" for a person."""
    return authorization.removeprefix(START) if authorization.startswith(START) else ""


def path_of(identity: str) -> str:
    return f"{PREFIX}{quote(identity)}"


class IdentityMiddleware:
    """Sets `caller`, and replaces an identity in the path by its token."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            if scope["path"].startswith(PREFIX):
                scope = with_token(scope)
            caller.set(caller_of(dict(scope["headers"]).get(b"authorization", b"").decode("latin-1")))
        await self.app(scope, receive, send)


def with_token(scope: Scope) -> Scope:
    _, _, identity, rest = scope["raw_path"].decode("ascii").split("/", 3)
    # Without the client's own: of two headers Starlette reads the first, and the dict above has the last.
    headers = [(name, value) for name, value in scope["headers"] if name != b"authorization"]
    token = f"Bearer {token_of(unquote(identity))}".encode()
    path = f"/{rest}"
    return {
        **scope,
        "path": unquote(path),
        "raw_path": path.encode(),
        "headers": [*headers, (b"authorization", token)],
    }
