"""IAM Credentials: https://cloud.google.com/iam/docs/reference/credentials/rest/v1/projects.serviceAccounts"""

from datetime import UTC, datetime, timedelta

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from sandbox.iam.access import Access
from sandbox.iam.identities import caller_of
from sandbox.keyless.exchange import TOKENS
from sandbox.metadata import token_of
from sandbox.resources.errors import GoogleError, InvalidArgument, PermissionDenied
from sandbox.resources.store import Json, Store
from sandbox.state import State

PERMISSION = "iam.serviceAccounts.getAccessToken"
SECONDS = "%Y-%m-%dT%H:%M:%SZ"  # google-auth refuses fractions
LONGEST_SECONDS = 3600  # without an organization policy
# In the words of https://github.com/google-github-actions/auth/issues/243.
DENIED = f"Permission '{PERMISSION}' denied on resource (or it may not exist)."


class Credentials:
    def __init__(self, state: State, store: Store) -> None:
        self.state, self.store = state, store
        self.access = Access(state, store)

    async def answer(self, request: Request) -> Response:
        caller = caller_of(request.headers.get("authorization", ""))
        try:
            body = await request.json()
            email = str(request.path_params["email"])
            return JSONResponse(await run_in_threadpool(self.create, email, caller, body))
        except GoogleError as error:
            return JSONResponse(error.body(), error.code)

    def create(self, email: str, caller: str, body: Json) -> Json:
        if not body.get("scope"):
            raise InvalidArgument("Request contains an invalid argument: scope.")
        lifetime = str(body.get("lifetime", f"{LONGEST_SECONDS}s"))
        try:
            seconds = float(lifetime.removesuffix("s"))
        except ValueError as error:
            raise InvalidArgument(f"Invalid value at 'lifetime': {lifetime!r} is not a duration.") from error
        if not 0 < seconds <= LONGEST_SECONDS:
            raise InvalidArgument(f"The lifetime is at most {LONGEST_SECONDS}s, not {lifetime}.")
        if not self.allowed(email, caller):
            raise PermissionDenied(DENIED)
        expires = datetime.now(UTC) + timedelta(seconds=seconds)
        return {"accessToken": token_of(email), "expireTime": expires.strftime(SECONDS)}

    def allowed(self, email: str, caller: str) -> bool:
        """Only the policy of the account is read: no other resource grants a pool anything here."""
        account = f"/iam/v1/projects/{self.state.project}/serviceAccounts/{email}"
        members = set((self.store.get(f"{TOKENS}/{caller}") or {}).get("members", []))
        policy = self.store.get(f"{account}:policy") or {}
        # A missing account is refused like a missing permission: the message does not distinguish them.
        return self.store.get(account) is not None and any(
            self.access.contains(binding["role"], PERMISSION) and members & set(binding["members"])
            for binding in policy.get("bindings", [])
            if not binding.get("condition")
        )
