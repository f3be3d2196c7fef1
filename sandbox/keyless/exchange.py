"""The Security Token Service: https://cloud.google.com/iam/docs/reference/sts/rest/v1/TopLevel/token"""

import time
import uuid
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from sandbox.keyless.claims import Rejected, check_condition, map_attributes, principals
from sandbox.keyless.issuer import Issuer
from sandbox.metadata import LIFETIME_SECONDS, token_of
from sandbox.resources.store import Json, Store
from sandbox.state import PROJECT_NUMBER, State

TOKENS = "/sandbox/keyless/tokens"  # the principals of each token that was exchanged
TYPE = "urn:ietf:params:oauth:token-type"
REQUIRED = {
    "grant_type": {"urn:ietf:params:oauth:grant-type:token-exchange"},
    "requested_token_type": {f"{TYPE}:access_token"},
    "subject_token_type": {f"{TYPE}:jwt", f"{TYPE}:id_token"},
}
OLDEST_TOKEN_SECONDS = 24 * 3600
HOST = "//iam.googleapis.com/"


class Invalid(Exception):
    """`code` is the error of OAuth 2.0 (RFC 6749, section 5.2)."""

    def __init__(self, code: str, description: str) -> None:
        super().__init__(description)
        self.code = code


class Exchange:
    def __init__(self, state: State, store: Store, issuer: Issuer) -> None:
        self.state, self.store, self.issuer = state, store, issuer

    async def answer(self, request: Request) -> Response:
        fields = dict(parse_qsl((await request.body()).decode()))
        try:
            return JSONResponse(await run_in_threadpool(self.exchange, fields))
        except Invalid as error:
            return JSONResponse({"error": error.code, "error_description": str(error)}, 400)

    def exchange(self, fields: Mapping[str, str]) -> Json:
        for name, allowed in REQUIRED.items():
            if fields.get(name) not in allowed:
                raise Invalid("invalid_request", f"Invalid value for {name}: {fields.get(name)!r}.")
        if not fields.get("scope"):
            raise Invalid("invalid_scope", "OAuth scopes are required.")
        pool, provider = self.find_provider(fields.get("audience", ""))
        claims = self.read_claims(fields.get("subject_token", ""), provider)
        try:
            attributes = map_attributes(provider, claims)
            check_condition(provider, claims, attributes)
        except Rejected as error:
            raise Invalid("unauthorized_client", str(error)) from error
        token = self.create_token(principals(pool, attributes))
        return {
            "access_token": token,
            "issued_token_type": f"{TYPE}:access_token",
            "token_type": "Bearer",
            "expires_in": LIFETIME_SECONDS,
        }

    def find_provider(self, audience: str) -> tuple[str, Json]:
        """The full name of its pool, and the provider. In the words of google-github-actions/auth#161."""
        name = audience.removeprefix(HOST)
        pool = name.partition("/providers/")[0]
        stored = [self.stored(each) for each in (pool, name)]
        if not audience.startswith(HOST) or any(each.get("state") != "ACTIVE" for each in stored):
            raise Invalid(
                "invalid_target", 'The target service indicated by the "audience" parameters is invalid.'
            )
        if any(each.get("disabled") for each in stored):
            raise Invalid("invalid_target", "The pool or provider is disabled.")
        return pool, stored[1]

    def stored(self, name: str) -> Json:
        """{} if it does not exist. Google's name has the project's number."""
        key = name.replace(f"projects/{PROJECT_NUMBER}/", f"projects/{self.state.project}/", 1)
        return self.store.get(f"/iam/v1/{key}") or {}

    def read_claims(self, token: str, provider: Json) -> dict[str, Any]:
        try:
            claims = self.issuer.verify(token)
        except Exception as error:  # google.auth raises ValueError and errors of its own
            raise Invalid("invalid_grant", f"The token is not valid: {error}") from error
        oidc = provider["oidc"]
        full = f"iam.googleapis.com/{provider['name']}"
        # Without declared audiences both forms of its own name are valid:
        # https://cloud.google.com/iam/docs/reference/rest/v1/projects.locations.workloadIdentityPools.providers#oidc
        audiences = oidc.get("allowedAudiences") or [f"//{full}", f"https://{full}"]
        if claims["iss"] != oidc["issuerUri"]:
            raise Invalid("invalid_grant", "The issuer in the token does not match the provider.")
        if claims.get("aud") not in audiences:
            raise Invalid("invalid_grant", "The audience in the token does not match the expected audience.")
        if claims["iat"] < time.time() - OLDEST_TOKEN_SECONDS:
            raise Invalid("invalid_grant", "The token was issued more than 24 hours ago.")
        return claims

    def create_token(self, members: list[str]) -> str:
        """Its caller is a principal without rights of its own: services know only service accounts."""
        caller = f"principal:{uuid.uuid4().hex}"
        self.store.put(f"{TOKENS}/{caller}", {"members": members})
        return token_of(caller)
