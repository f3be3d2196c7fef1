"""Authentication: an API key in a header or query parameter, or OAuth client credentials."""

import time
from collections.abc import Callable
from functools import partial
from urllib.parse import quote, quote_plus

import requests
from requests.auth import AuthBase, HTTPBasicAuth

from connector.errors import KeyRejected, SourceError, SourceUnavailable
from connector.sources.rest.config import Auth, Basic, ClientCredentials, Header, Query
from runtime.masking import mask_secrets
from runtime.oauth import OAuthClient, TokenEndpoint, TokenError, TokenProblem

TOKEN_ERRORS: dict[TokenProblem, type[SourceError]] = {
    "unavailable": SourceUnavailable,
    "rejected": KeyRejected,
    # About the source, not about one page: without a token none can be read.
    "invalid": SourceUnavailable,
}


class ApiKeyAuth(AuthBase):
    """Adds the key to a request; `redact` removes it from messages."""

    def __init__(self, declared: Header | Query | Basic | None, secret: str) -> None:
        self.declared, self.secret = declared, secret

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        if isinstance(self.declared, Header):
            request.headers[self.declared.header] = self.declared.prefix + check_header_value(self.secret)
        elif isinstance(self.declared, Basic):
            # Bytes, because requests encodes texts as Latin-1.
            HTTPBasicAuth(self.declared.username.encode(), self.secret.encode())(request)
        elif self.declared:
            # Here and not in `params`, so that the key is in no message or metadata that is built from them.
            request.prepare_url(request.url, {self.declared.query: self.secret})
        return request

    def redact(self, text: str) -> str:
        encodings = (str, quote, quote_plus, partial(quote, safe=""))  # as it is, and as in a URL
        # An empty text is contained everywhere; replacing it would destroy the message.
        for encode in encodings if self.secret else ():
            text = text.replace(encode(self.secret), "***")
        return text

    def renew(self, rejected: requests.PreparedRequest) -> bool:
        """Whether a request that was rejected with 401 may succeed with a new key; a static key has none."""
        return False


def check_header_value(secret: str) -> str:
    """KeyRejected for a value that a header cannot contain; http.client's own error would show the value."""
    # A trailing line break, as `echo` adds it to a file, is the usual cause.
    if secret.isascii() and secret.isprintable() and secret == secret.strip():
        return secret
    raise KeyRejected(
        "the key cannot be sent in a header: it contains a line break, surrounding blanks or non-ASCII "
        "characters. Add a correct version with `python -m scripts.secret`."
    )


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
        endpoint = TokenEndpoint(url, declared.scope, declared.audience, declared.client_auth, declared.grant)
        self.client = OAuthClient(session, endpoint, secret, clock)

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        try:
            request.headers["Authorization"] = f"Bearer {self.client.current_token()}"
        except TokenError as error:
            raise TOKEN_ERRORS[error.problem](mask_secrets(str(error))) from error
        return request

    def renew(self, rejected: requests.PreparedRequest) -> bool:
        """Drop the token, unless another thread has renewed it since the rejected request was sent."""
        self.client.drop(str(rejected.headers.get("Authorization")).removeprefix("Bearer "))
        return True

    def redact(self, text: str) -> str:
        return self.client.redact(text)


def create_auth(session: requests.Session, url: str, declared: Auth | None, secret: str) -> ApiKeyAuth:
    if isinstance(declared, ClientCredentials):
        path = declared.token_url
        return OAuthToken(session, url + path if path.startswith("/") else path, declared, secret)
    return ApiKeyAuth(declared, secret)
