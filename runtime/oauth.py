"""OAuth access tokens: client credentials (RFC 6749, section 4.4) and refresh tokens (section 6)."""

import base64
import threading
import time
from codecs import BOM_UTF8
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal
from urllib.parse import parse_qsl, quote, quote_plus

import msgspec
import requests
from requests.auth import HTTPBasicAuth

from runtime.errors import JobError, SettingsError, describe_body
from runtime.retry import is_transient_read

# A token is renewed so long before it expires, but not in the first half of its time.
EXPIRY_MARGIN_SECONDS = 30.0
# Of a token without a lifetime; one that expires earlier is rejected, and then renewed.
DEFAULT_SECONDS = 3600.0
ROTATED = (
    ". The refresh token of the secret is expired, revoked or used up: a server that issues a new one with each token "
    "accepts it once, so switch this off there, or use client credentials; then add a version of the secret"
)
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
    """`expires_in` in seconds; several servers send it as text or as null. The errors are those of section 5.2, which
    some servers send with status 200."""

    access_token: str = ""
    expires_in: Any = None
    refresh_token: str | None = None
    error: Any = None
    error_description: Any = None

    @property
    def seconds(self) -> float:
        """DEFAULT_SECONDS for anything but a number of seconds."""
        try:
            seconds = float(self.expires_in)
        except (TypeError, ValueError, OverflowError):
            return DEFAULT_SECONDS
        return seconds if 0 < seconds < float("inf") else DEFAULT_SECONDS

    def describe_problem(self) -> str | None:
        """Why there is no usable token; never the token itself."""
        if not self.access_token:
            reasons = [str(text) for text in (self.error, self.error_description) if text]
            return "the response has no access_token" + (f", but {': '.join(reasons)}" if reasons else "")
        # http.client would refuse it with an error that shows it.
        if not (self.access_token.isascii() and self.access_token.isprintable()):
            return "the access_token has characters that a header cannot contain"
        return None


def parse_token(response: requests.Response) -> TokenResponse:
    """From JSON, or from a form as GitHub's server and early drafts of OAuth send it."""
    if response.headers.get("Content-Type", "").startswith("application/x-www-form-urlencoded"):
        return msgspec.convert(dict(parse_qsl(response.text)), TokenResponse)
    return msgspec.json.decode(response.content.removeprefix(BOM_UTF8), type=TokenResponse)


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
        self.issued: set[str] = set()  # an answer to an earlier request may repeat an earlier token
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
        client = self.client
        pair = base64.b64encode(f"{client.client_id}:{client.client_secret}".encode()).decode()
        for value in (pair, client.client_secret, client.refresh_token, *self.issued):
            for spelling in (value, quote(value), quote_plus(value), quote(value, safe="")) if value else ():
                text = text.replace(spelling, "***")
        return text

    def _fetch_token(self) -> None:
        url = self.endpoint.url
        form, client = self._token_request()
        try:
            response = self.session.post(url, form, auth=client, timeout=TOKEN_TIMEOUT, allow_redirects=False)
        except requests.RequestException as error:
            raise TokenError(f"no token from {url}: {error}.", "unavailable") from error
        token = self._read_token(response)
        self.issued |= {text for text in (token.access_token, token.refresh_token) if text}
        self.token = token.access_token
        # By the monotonic clock: a corrected system time must not prolong a token.
        self.expires_at = self.clock() + token.seconds - min(EXPIRY_MARGIN_SECONDS, token.seconds / 2)
        if token.refresh_token:  # servers that rotate refresh tokens accept each of them once
            self.client.refresh_token = token.refresh_token

    def _read_token(self, response: requests.Response) -> TokenResponse:
        """TokenError with the reason, without a body that may contain a token."""
        url, status = self.endpoint.url, response.status_code
        # Not `response.ok`, which a redirect is too; it is not followed, because it carries the secret.
        if not 200 <= status < 300:
            target = f" to {location!r}" if (location := response.headers.get("Location")) else ""
            body = describe_body(response.content, self.redact)
            problem: TokenProblem = "unavailable" if is_transient_read(status) else "rejected"
            remedy = (
                ROTATED
                if self.endpoint.grant == "refresh_token" and b"invalid_grant" in response.content
                else ""
            )
            raise TokenError(
                f"no token from {url}: {status} {response.reason}{target}, {body}{remedy}", problem
            )
        try:
            token = parse_token(response)
        except (msgspec.MsgspecError, UnicodeDecodeError) as error:
            kind = response.headers.get("Content-Type", "no Content-Type")
            raise TokenError(f"no token from {url}: expected JSON, got {kind}: {error}", "invalid") from error
        if fault := token.describe_problem():
            raise TokenError(
                f"no token from {url}: {self.redact(fault)}", "rejected" if token.error else "invalid"
            )
        return token

    def _token_request(self) -> tuple[dict[str, str], HTTPBasicAuth | None]:
        """The form, and the client's id and secret for the Authorization header."""
        endpoint, client = self.endpoint, self.client
        optional = {"scope": endpoint.scope, "audience": endpoint.audience}
        form = {"grant_type": endpoint.grant} | {name: value for name, value in optional.items() if value}
        if endpoint.grant == "refresh_token":
            form["refresh_token"] = client.refresh_token
        if endpoint.client_auth == "header":
            # As an Authorization header, which RFC 6749 prefers to the body (section 2.3.1). Bytes, because requests
            # encodes texts as Latin-1, which a secret may not be.
            return form, HTTPBasicAuth(client.client_id.encode(), client.client_secret.encode())
        return form | {"client_id": client.client_id, "client_secret": client.client_secret}, None
