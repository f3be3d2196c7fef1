"""Who asks Sheets: the job's own identity, with whom people share their spreadsheet."""

import requests
from google.auth.credentials import Credentials, with_scopes_if_required
from google.auth.exceptions import GoogleAuthError
from google.auth.transport.requests import Request

from connector.errors import SourceUnavailable
from connector.rest.auth import Key

SCOPES = ("https://www.googleapis.com/auth/spreadsheets.readonly",)


class Login(Key):
    """A token of Google for each request, renewed by google-auth."""

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
            raise SourceUnavailable(f"Google gave no credentials for Sheets: {error}") from error
        return request

    @property
    def identity(self) -> str:
        """Known after the first token."""
        return getattr(self.credentials, "service_account_email", "the person who is logged in")
