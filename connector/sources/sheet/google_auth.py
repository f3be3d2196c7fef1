"""Authentication for Sheets: the service account of the job, with which people share their spreadsheet."""

import requests
from google.auth.credentials import Credentials, with_scopes_if_required
from google.auth.exceptions import GoogleAuthError
from google.auth.transport.requests import Request

from connector.errors import SourceUnavailable
from connector.sources.rest.auth import ApiKeyAuth

SCOPES = ("https://www.googleapis.com/auth/spreadsheets.readonly",)


class GoogleAuth(ApiKeyAuth):
    """Adds a Google access token to each request; google-auth renews it."""

    def __init__(self, credentials: Credentials) -> None:
        super().__init__(None, "")
        self.credentials: Credentials = with_scopes_if_required(credentials, SCOPES)  # type: ignore[no-untyped-call]
        self.transport = Request()

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        try:
            self.credentials.before_request(  # type: ignore[no-untyped-call]
                self.transport, request.method, request.url, request.headers
            )
        except GoogleAuthError as error:
            raise SourceUnavailable(f"no Google credentials for Sheets: {error}") from error
        return request

    @property
    def identity(self) -> str:
        """E-mail address; known after the first token."""
        return getattr(self.credentials, "service_account_email", "the person who is logged in")
