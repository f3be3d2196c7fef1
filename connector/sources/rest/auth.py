"""Authentication: an API key in a header or query parameter, or OAuth client credentials."""

import threading
import time
from collections.abc import Callable
from functools import partial
from urllib.parse import quote, quote_plus

import msgspec
import requests
from requests.auth import AuthBase

from connector.errors import InvalidResponse, KeyRejected, RequestRejected, SourceUnavailable
from connector.sources.rest.config import Auth, ClientCredentials, Header, Query
from runtime.errors import SettingsError
from runtime.retry import TRANSIENT_STATUSES

EXPIRY_MARGIN_SECONDS = 30.0  # a token is renewed so long before it expires
TOKEN_TIMEOUT = (10, 30)  # seconds to connect, and between two bytes


class ApiKeyAuth(AuthBase):
    """Adds the key to a request; `redact` removes it from messages."""

    def __init__(self, declared: Header | Query | None, secret: str) -> None:
        self.declared, self.secret = declared, secret

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        if isinstance(self.declared, Header):
            request.headers[self.declared.header] = self.declared.prefix + check_header_value(self.secret)
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


class TokenResponse(msgspec.Struct):
    access_token: str
    expires_in: float = 3600.0


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
        self.session, self.url, self.scope, self.clock = session, url, declared.scope, clock
        try:
            self.client = msgspec.json.decode(secret, type=ClientSecret)
        except msgspec.MsgspecError as error:
            expected = '{"client_id": "…", "client_secret": "…"}'
            raise SettingsError(f"the secret for {url} must be {expected}: {error}.") from error
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
        for value in (self.client.client_secret, self.token):
            text = text.replace(value, "***") if value else text
        return text

    def _current_token(self) -> str:
        with self.lock:
            if not self.token or self.clock() >= self.expires_at:
                self._fetch_token()
            return self.token

    def _fetch_token(self) -> None:
        form = {"grant_type": "client_credentials"} | ({"scope": self.scope} if self.scope else {})
        client = (self.client.client_id, self.client.client_secret)
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
        self.expires_at = self.clock() + token.expires_in - EXPIRY_MARGIN_SECONDS


def create_auth(session: requests.Session, url: str, declared: Auth | None, secret: str) -> ApiKeyAuth:
    if isinstance(declared, ClientCredentials):
        path = declared.token_url
        return OAuthToken(session, url + path if path.startswith("/") else path, declared, secret)
    return ApiKeyAuth(declared, secret)
