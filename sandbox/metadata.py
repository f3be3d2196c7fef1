"""The metadata server of a Google machine, one root per identity: who a process runs as, and its token.

https://cloud.google.com/compute/docs/metadata/predefined-metadata-keys
"""

from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import BaseRoute, Route

from sandbox.state import PROJECT_NUMBER, State

FLAVOR = {"Metadata-Flavor": "Google"}
ACCOUNTS = "instance/service-accounts/"
LIFETIME_SECONDS = 3599
# As on GKE. Of an e-mail of a service account google-auth 2.62 asks iamcredentials.googleapis.com in the
# background, at an address that nothing can change; the token says who it is.
POOL = "svc.id.goog"
SCOPES = ["https://www.googleapis.com/auth/cloud-platform"]


def routes(state: State) -> list[BaseRoute]:
    def answer(request: Request) -> Response:
        return value(state, request)

    return [Route("/metadata/{identity}/computeMetadata/v1/{path:path}", answer)]


def value(state: State, request: Request) -> Response:
    """A leaf is text, but a token and `?recursive=true` are JSON; without the header nothing is told."""
    if request.headers.get("Metadata-Flavor") != "Google":
        return PlainTextResponse("Missing required header: Metadata-Flavor\n", 403, FLAVOR)
    path, identity = request.path_params["path"], request.path_params["identity"]
    leaf = {**machine(state), **account(path, identity, f"{state.project}.{POOL}")}.get(path)
    if leaf is None or (path.endswith("/") and request.query_params.get("recursive") != "true"):
        return PlainTextResponse(f"No metadata at {path!r}.\n", 404, FLAVOR)
    if isinstance(leaf, str):
        return PlainTextResponse(leaf, headers=FLAVOR)
    return JSONResponse(leaf, headers=FLAVOR)


def machine(state: State) -> dict[str, Any]:
    return {
        "project/project-id": state.project,
        "project/numeric-project-id": PROJECT_NUMBER,
        "universe/universe-domain": "googleapis.com",
    }


def account(path: str, identity: str, pool: str) -> dict[str, Any]:
    """What the identity's own account tells, by its aliases and by its e-mail."""
    name = path.removeprefix(ACCOUNTS).split("/")[0]
    if name not in ("default", pool, identity):
        return {}
    token = {"access_token": token_of(identity), "expires_in": LIFETIME_SECONDS, "token_type": "Bearer"}
    return {
        f"{ACCOUNTS}{name}/": {"aliases": ["default"], "email": pool, "scopes": SCOPES},
        f"{ACCOUNTS}{name}/email": identity,
        f"{ACCOUNTS}{name}/scopes": "\n".join(SCOPES),
        f"{ACCOUNTS}{name}/token": token,
    }


def token_of(identity: str) -> str:
    """A token that says whose it is; services that care read it back (`sandbox.<e-mail>`)."""
    return f"sandbox.{identity}"
