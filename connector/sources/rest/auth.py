"""Authentication: an API key in a header or query parameter, or OAuth client credentials."""

import base64
import threading
import time
from collections.abc import Callable
from functools import partial
from urllib.parse import quote, quote_plus

import msgspec
import requests
from requests.auth import AuthBase

from connector.errors import InvalidResponse, KeyRejected, RequestRejected, SourceUnavailable
from connector.sources.rest.config import Auth, Basic, ClientCredentials, Header, Query
from runtime.errors import SettingsError
from runtime.retry import TRANSIENT_STATUSES

EXPIRY_MARGIN_SECONDS = 30.0  # a token is renewed so long before it expires
TOKEN_TIMEOUT = (10, 30)  # seconds to connect, and between two bytes


class ApiKeyAuth(AuthBase):
    """Adds the key to a request; `redact` removes it from messages."""

    def __init__(self, declared: Header | Query | Basic | None, secret: str) -> None:
        self.declared, self.secret = declared, secret

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        if isinstance(self.declared, Header):
            request.headers[self.declared.header] = self.declared.prefix + check_header_value(self.secret)
        elif isinstance(self.declared, Basic):
            credentials = f"{self.declared.username}:{self.secret}".encode()
            request.headers["Authorization"] = "Basic " + base64.b64encode(credentials).decode()
        elif self.declared:
            request.prepare_url(request.url, {self.declared.query: self.secret})
        return request

    def redact(self, text: str) -> str:
        encodings = (str, quote, quote_plus, partial(quote, safe=""))  # as it is, and as in a URL
        for encode in encodings if self.secret else ():
            text = text.replace(encode(self.secret), "***")
        return text

    def renew(self, rejected: requests.PreparedRequest) -> bool:
        """Whether a request that was rejected with 401 may succeed with a new key; a static key has none."""
        return False


def check_header_value(secret: str) -> str:
    """KeyRejected for a value that a header cannot contain; http.client's own error would show the value."""
    if secret.isascii() and secret.isprintable() and secret == secret.strip():
        return secret
    raise KeyRejected(
        "the key cannot be sent in a header: it contains a line break, surrounding blanks or non-ASCII "
        "characters. Add a correct version with `python -m scripts.secret`."
    )


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


class OAuthToken(ApiKeyAuth):
    """One token for all requests until it expires or is rejected; SourceError if none can be fetched."""

    def __init__(
        self,
        session: requests.Session,
        url: str,
        declared: ClientCredentials,
        secret: str,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        super().__init__(None, secret)
        self.session, self.url, self.declared_client, self.clock = session, url, declared, clock
        try:
            self.client = msgspec.json.decode(secret, type=ClientSecret)
        except msgspec.MsgspecError as error:
            expected = '{"client_id": "…", "client_secret": "…"}'
            raise SettingsError(f"the secret for {url} must be {expected}: {error}.") from error
        if declared.grant == "refresh_token" and not self.client.refresh_token:
            raise SettingsError(
                f"the secret for {url} needs a refresh_token, because `grant: refresh_token` is declared."
            )
        self.token, self.expires_at = "", 0.0
        self.lock = threading.Lock()

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.headers["Authorization"] = f"Bearer {self._current_token()}"
        return request

    def renew(self, rejected: requests.PreparedRequest) -> bool:
        """Drop the token, unless another thread has renewed it since the rejected request was sent."""
        with self.lock:
            if rejected.headers.get("Authorization") == f"Bearer {self.token}":
                self.token = ""
        return True

    def redact(self, text: str) -> str:
        for value in (self.client.client_secret, self.client.refresh_token, self.token):
            text = text.replace(value, "***") if value else text
        return text

    def _current_token(self) -> str:
        with self.lock:
            if not self.token or self.clock() >= self.expires_at:
                self._fetch_token()
            return self.token

    def _fetch_token(self) -> None:
        form, client = self._token_request()
        try:
            response = self.session.post(
                self.url, form, auth=client, timeout=TOKEN_TIMEOUT, allow_redirects=False
            )
        except requests.RequestException as error:
            raise SourceUnavailable(f"no token from {self.url}: {error}.") from error
        if not response.ok:
            status = response.status_code
            message = f"no token from {self.url}: {status} {response.reason}, {response.text[:200]!r}"
            is_transient = status in TRANSIENT_STATUSES
            raise (SourceUnavailable if is_transient else RequestRejected)(self.redact(message))
        try:
            token = msgspec.json.decode(response.content, type=TokenResponse)
        except msgspec.MsgspecError as error:
            raise InvalidResponse(f"no token from {self.url}: {error}") from error
        self.token = token.access_token
        self.expires_at = self.clock() + token.seconds - EXPIRY_MARGIN_SECONDS
        if token.refresh_token:  # servers that rotate refresh tokens accept each of them once
            self.client.refresh_token = token.refresh_token

    def _token_request(self) -> tuple[dict[str, str], tuple[str, str] | None]:
        """The form, and the client's id and secret for the Authorization header."""
        declared, client = self.declared_client, self.client
        optional = {"scope": declared.scope, "audience": declared.audience}
        form = {"grant_type": declared.grant} | {name: value for name, value in optional.items() if value}
        if declared.grant == "refresh_token":
            form["refresh_token"] = client.refresh_token
        if declared.client_auth == "header":
            return form, (client.client_id, client.client_secret)
        return form | {"client_id": client.client_id, "client_secret": client.client_secret}, None


def create_auth(session: requests.Session, url: str, declared: Auth | None, secret: str) -> ApiKeyAuth:
    if isinstance(declared, ClientCredentials):
        path = declared.token_url
        return OAuthToken(session, url + path if path.startswith("/") else path, declared, secret)
    return ApiKeyAuth(declared, secret)
