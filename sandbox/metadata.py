"""The metadata server of a Google machine, one root per identity: project, service account, access token.

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
# As on GKE, the account's `email` is a workload pool. For the address of a service account google-auth 2.62
# requests iamcredentials.googleapis.com in the background, and that host cannot be configured. Services of
# the sandbox read the identity from the token instead.
POOL = "svc.id.goog"
SCOPES = ["https://www.googleapis.com/auth/cloud-platform"]


def routes(state: State) -> list[BaseRoute]:
    def handle(request: Request) -> Response:
        return respond(state, request)

    return [Route("/metadata/{identity}/computeMetadata/v1/{path:path}", handle)]


def respond(state: State, request: Request) -> Response:
    """Values are plain text; a token and a folder with `?recursive=true` are JSON.

    The header is required, as on Google's server: it protects from forwarded requests.
    """
    if request.headers.get("Metadata-Flavor") != "Google":
        return PlainTextResponse("Missing required header: Metadata-Flavor\n", 403, FLAVOR)
    path, identity = request.path_params["path"], request.path_params["identity"]
    values = project_values(state) | account_values(path, identity, f"{state.project}.{POOL}")
    value = values.get(path)
    if value is None or (path.endswith("/") and request.query_params.get("recursive") != "true"):
        return PlainTextResponse(f"No metadata at {path!r}.\n", 404, FLAVOR)
    if isinstance(value, str):
        return PlainTextResponse(value, headers=FLAVOR)
    return JSONResponse(value, headers=FLAVOR)


def project_values(state: State) -> dict[str, Any]:
    return {
        "project/project-id": state.project,
        "project/numeric-project-id": PROJECT_NUMBER,
        "universe/universe-domain": "googleapis.com",
    }


def account_values(path: str, identity: str, pool: str) -> dict[str, Any]:
    """The identity's own account under each of its names: `default`, the pool, its e-mail address."""
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
    """`sandbox.<e-mail>`: services that check permissions read the caller from it."""
    return f"sandbox.{identity}"
