"""OAuth access tokens: client credentials (RFC 6749, section 4.4) and refresh tokens (section 6)."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import msgspec
import requests

from runtime.errors import JobError, SettingsError, describe_body
from runtime.retry import TRANSIENT_STATUSES

EXPIRY_MARGIN_SECONDS = 30.0  # a token is renewed so long before it expires
TOKEN_TIMEOUT = (10, 30)  # seconds to connect, and between two bytes

type TokenProblem = Literal["unavailable", "rejected", "invalid"]


class TokenError(JobError):
    """problem: the server may answer later, it rejected the client, or its response has no token."""

    def __init__(self, message: str, problem: TokenProblem) -> None:
        super().__init__(message)
        self.problem = problem


class ClientSecret(msgspec.Struct):
    client_id: str
    client_secret: str
    refresh_token: str = ""


class TokenResponse(msgspec.Struct):
    """`expires_in` in seconds; several servers send it as text or as null."""

    access_token: str
    expires_in: float | str | None = 3600.0
    refresh_token: str = ""

    @property
    def seconds(self) -> float:
        try:
            return float(self.expires_in or 3600.0)
        except ValueError:
            return 3600.0


@dataclass(frozen=True)
class TokenEndpoint:
    """client_auth: whether the client's secret is sent in the Authorization header or in the body."""

    url: str
    scope: str | None = None
    audience: str | None = None
    client_auth: Literal["header", "body"] = "header"
    grant: Literal["client_credentials", "refresh_token"] = "client_credentials"


class OAuthClient:
    """One token for all requests until it expires or is rejected; TokenError if none can be fetched.

    `secret` is {"client_id": …, "client_secret": …}, with `refresh_token` if the grant needs it; SettingsError
    otherwise.
    """

    def __init__(
        self,
        session: requests.Session,
        endpoint: TokenEndpoint,
        secret: str,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.session, self.endpoint, self.clock = session, endpoint, clock
        try:
            self.client = msgspec.json.decode(secret, type=ClientSecret)
        except msgspec.MsgspecError as error:
            expected = '{"client_id": "…", "client_secret": "…"}'
            raise SettingsError(f"the secret for {endpoint.url} must be {expected}: {error}.") from error
        if endpoint.grant == "refresh_token" and not self.client.refresh_token:
            raise SettingsError(
                f"the secret for {endpoint.url} needs a refresh_token, because `grant: refresh_token` is declared."
            )
        self.token, self.expires_at = "", 0.0
        self.lock = threading.Lock()

    def current_token(self) -> str:
        with self.lock:
            if not self.token or self.clock() >= self.expires_at:
                self._fetch_token()
            return self.token

    def drop(self, rejected: str) -> None:
        """Forget a token that a server rejected, unless another thread has renewed it since."""
        with self.lock:
            if rejected == self.token:
                self.token = ""

    def redact(self, text: str) -> str:
        for value in (self.client.client_secret, self.client.refresh_token, self.token):
            text = text.replace(value, "***") if value else text
        return text

    def _fetch_token(self) -> None:
        url = self.endpoint.url
        form, client = self._token_request()
        try:
            response = self.session.post(url, form, auth=client, timeout=TOKEN_TIMEOUT, allow_redirects=False)
        except requests.RequestException as error:
            raise TokenError(f"no token from {url}: {error}.", "unavailable") from error
        if not response.ok:
            status = response.status_code
            body = describe_body(response.content, self.redact)
            problem: TokenProblem = "unavailable" if status in TRANSIENT_STATUSES else "rejected"
            raise TokenError(f"no token from {url}: {status} {response.reason}, {body}", problem)
        try:
            token = msgspec.json.decode(response.content, type=TokenResponse)
        except msgspec.MsgspecError as error:
            raise TokenError(f"no token from {url}: {error}", "invalid") from error
        self.token = token.access_token
        # By the monotonic clock: a corrected system time must not prolong a token.
        self.expires_at = self.clock() + token.seconds - EXPIRY_MARGIN_SECONDS
        if token.refresh_token:  # servers that rotate refresh tokens accept each of them once
            self.client.refresh_token = token.refresh_token

    def _token_request(self) -> tuple[dict[str, str], tuple[str, str] | None]:
        """The form, and the client's id and secret for the Authorization header."""
        endpoint, client = self.endpoint, self.client
        optional = {"scope": endpoint.scope, "audience": endpoint.audience}
        form = {"grant_type": endpoint.grant} | {name: value for name, value in optional.items() if value}
        if endpoint.grant == "refresh_token":
            form["refresh_token"] = client.refresh_token
        if endpoint.client_auth == "header":
            # As an Authorization header, which RFC 6749 prefers to the body (section 2.3.1).
            return form, (client.client_id, client.client_secret)
        return form | {"client_id": client.client_id, "client_secret": client.client_secret}, None
