"""How a source knows us: a key in a header or in the query, or a token that is fetched and renewed."""

import threading
import time
from collections.abc import Callable
from functools import partial
from urllib.parse import quote, quote_plus

import msgspec
import requests
from requests.auth import AuthBase

from connector.errors import KeyRefused, SettingsError, SourceGarbled, SourceRefused, SourceUnavailable
from connector.rest.declaration import Auth, ClientCredentials, Header, Query

EARLY = 30.0  # seconds before its end in which a token is no longer used
TIMEOUT = (10, 30)


class Key(AuthBase):
    """Adds the key to a request; `hide` takes it out of whatever is shown."""

    def __init__(self, declared: Header | Query | None, secret: str) -> None:
        self.declared, self.secret = declared, secret

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        if isinstance(self.declared, Header):
            request.headers[self.declared.header] = self.declared.prefix + sendable(self.secret)
        elif self.declared:
            request.prepare_url(request.url, {self.declared.query: self.secret})
        return request

    def hide(self, text: str) -> str:
        spelled = (str, quote, quote_plus, partial(quote, safe=""))  # as it is, and as addresses have it
        for spell in spelled if self.secret else ():
            text = text.replace(spell(self.secret), "***")
        return text

    def renew(self, refused: requests.PreparedRequest) -> bool:
        """Whether a request that was refused may succeed with a newer key; here there is none."""
        return False


def sendable(secret: str) -> str:
    """What a header can hold; http.client would show what it cannot."""
    if secret.isascii() and secret.isprintable() and secret == secret.strip():
        return secret
    raise KeyRefused(
        "the key cannot be sent in a header: it has a line break, blanks around it, or letters that are not "
        "ASCII. Give the right one to `python -m scripts.secret`."
    )


class Secret(msgspec.Struct):
    client_id: str
    client_secret: str


class Token(msgspec.Struct):
    access_token: str
    expires_in: float = 3600.0


class Tokens(Key):
    """A token for all requests until it expires or is refused; SourceError if there is none to be had."""

    def __init__(
        self,
        http: requests.Session,
        url: str,
        declared: ClientCredentials,
        secret: str,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        super().__init__(None, secret)
        self.http, self.url, self.scope, self.clock = http, url, declared.scope, clock
        try:
            self.client = msgspec.json.decode(secret, type=Secret)
        except msgspec.MsgspecError as error:
            shape = '{"client_id": "…", "client_secret": "…"}'
            raise SettingsError(f"the secret for {url} must be {shape}: {error}.") from error
        self.token, self.ends = "", 0.0
        self.lock = threading.Lock()

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.headers["Authorization"] = f"Bearer {self.current()}"
        return request

    def current(self) -> str:
        with self.lock:
            if not self.token or self.clock() >= self.ends:
                self.fetch()
            return self.token

    def renew(self, refused: requests.PreparedRequest) -> bool:
        """False if the token was refused that is still the newest one after this: then it is not its age."""
        with self.lock:
            if refused.headers.get("Authorization") == f"Bearer {self.token}":
                self.token = ""
        return True

    def hide(self, text: str) -> str:
        for shown in (self.client.client_secret, self.token):
            text = text.replace(shown, "***") if shown else text
        return text

    def fetch(self) -> None:
        form = {"grant_type": "client_credentials"} | ({"scope": self.scope} if self.scope else {})
        client = (self.client.client_id, self.client.client_secret)
        try:
            answer = self.http.post(self.url, form, auth=client, timeout=TIMEOUT, allow_redirects=False)
        except requests.RequestException as error:
            raise SourceUnavailable(f"{self.url} gave no token: {error}.") from error
        if not answer.ok:
            said = f"{self.url} gave no token: {answer.status_code} {answer.reason}, {answer.text[:200]!r}"
            passing = answer.status_code >= 500 or answer.status_code in (408, 425, 429)
            raise (SourceUnavailable if passing else SourceRefused)(self.hide(said))
        try:
            token = msgspec.json.decode(answer.content, type=Token)
        except msgspec.MsgspecError as error:
            raise SourceGarbled(f"{self.url} gave no token: {error}") from error
        self.token, self.ends = token.access_token, self.clock() + token.expires_in - EARLY


def authenticator(http: requests.Session, url: str, declared: Auth | None, secret: str) -> Key:
    if isinstance(declared, ClientCredentials):
        path = declared.token_url
        return Tokens(http, url + path if path.startswith("/") else path, declared, secret)
    return Key(declared, secret)
