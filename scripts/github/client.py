"""Requests to GitHub's REST API about one repository.

https://docs.github.com/en/rest/using-the-rest-api/rate-limits-for-the-rest-api
"""

import json
import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import requests

from runtime.errors import describe_error
from runtime.http_session import make_sender
from runtime.retry import TRANSIENT_STATUSES, RetryPolicy, parse_retry_after
from scripts.github.errors import Denied, GitHubError, Missing, Rejected, Transient
from scripts.github.settings import Settings

Json = dict[str, Any]
# What GITHUB_TOKEN acts as. Everyone can write a marker, so only this author's texts are updated.
AUTHOR = "github-actions[bot]"
PAGE_SIZE = 100  # the largest that GitHub accepts
SECONDARY_LIMIT_SECONDS = 60.0  # "wait for at least one minute", if the response names no time
SECONDARY_LIMIT = "secondary rate limit"
NO_CONTENT = 204


class GitHub:
    """Paths are those below /repos/OWNER/NAME."""

    def __init__(
        self,
        session: requests.Session,
        settings: Settings,
        retry: RetryPolicy | None = None,
        now: Callable[[], float] = time.time,
    ) -> None:
        self.settings = settings
        self.retry = retry or RetryPolicy(attempts=6, base=2.0, deadline=900.0)
        self.now = now
        self.base = f"{settings.api_url}/repos/{settings.repository}"
        self.transmit = make_sender(session, self.base)

    def until_done[Result](self, operation: Callable[[], Result]) -> Result:
        """Call `operation` again after a Transient error.

        It must look up what exists before it creates: a POST without a response may have succeeded.
        """
        return self.retry.call(operation, self._next_delay)

    def send(self, method: str, path: str, body: Json | None = None) -> Any:
        """The JSON of a 2xx response; None without content. One of the errors of GitHubError otherwise."""
        response = self._send(method, f"{self.base}/{path}", {}, body)
        return None if response.status_code == NO_CONTENT else read_json(response)

    def list(self, path: str, query: Mapping[str, str] | None = None) -> Iterator[Json]:
        """All items of all pages."""
        url: str | None = f"{self.base}/{path}"
        parameters = {"per_page": str(PAGE_SIZE), **(query or {})}
        while url:
            response = self._send("GET", url, parameters, None)
            yield from read_json(response)
            url, parameters = self._next_page(response), {}

    def _next_page(self, response: requests.Response) -> str | None:
        """Its address has the query. Rejected if it is elsewhere, as it would get the token."""
        url = response.links.get("next", {}).get("url")
        if url and not url.startswith(f"{self.settings.api_url}/"):
            raise Rejected(f"the next page of {response.url} is at another server: {url}")
        return url

    def _send(self, method: str, url: str, query: Mapping[str, str], body: Json | None) -> requests.Response:
        request = requests.PreparedRequest()  # without the session, which would use this machine's netrc
        content = None if body is None else json.dumps(body)
        request.prepare(method, url, headers=self._headers(), params=query, data=content)
        try:
            response = self.transmit(request)
            response.content  # noqa: B018 - reading the body to its end frees the connection
        except requests.RequestException as error:
            raise Transient(f"{method} {url}: no response: {describe_error(error)}") from error
        if response.status_code // 100 != 2:  # a redirect too: the token is not sent to another address
            raise self._error(f"{method} {url}", response)
        return response

    def _headers(self) -> dict[str, str]:
        return {
            "Accept": "application/vnd.github+json",
            "Authorization": f"Bearer {self.settings.token}",
            "Content-Type": "application/json",
            "User-Agent": "data-platform",  # required by GitHub
            "X-GitHub-Api-Version": "2022-11-28",
        }

    def _error(self, request: str, response: requests.Response) -> GitHubError:
        text = f"{request}: {response.status_code}: {describe_response(response)}"
        seconds = self._seconds_to_wait(response)
        if seconds is not None or response.status_code in TRANSIENT_STATUSES:
            return Transient(text, seconds)
        if response.status_code in (requests.codes.unauthorized, requests.codes.forbidden):
            needed = response.headers.get("X-Accepted-GitHub-Permissions", "those of the endpoint")
            return Denied(f"{text}. The job's `permissions` must contain: {needed}")
        if response.status_code in (requests.codes.not_found, requests.codes.gone):
            return Missing(f"{text}. It does not exist, or the job's `permissions` do not include it")
        return Rejected(text)

    def _seconds_to_wait(self, response: requests.Response) -> float | None:
        """Of a response 403 or 429 about a rate limit; None for others."""
        if response.status_code not in (requests.codes.forbidden, requests.codes.too_many):
            return None
        headers = response.headers
        if seconds := parse_retry_after(headers.get("Retry-After")):
            return seconds
        if headers.get("X-RateLimit-Remaining") == "0":
            return max(1.0, float(headers.get("X-RateLimit-Reset", 0)) - self.now())
        return SECONDARY_LIMIT_SECONDS if SECONDARY_LIMIT in response.text.lower() else None

    def _next_delay(self, error: Exception, attempt: int) -> float | None:
        return self.retry.delay(attempt, error.seconds) if isinstance(error, Transient) else None


def read_json(response: requests.Response) -> Any:
    """Transient for another content: a proxy answered in GitHub's place."""
    try:
        return response.json()
    except ValueError as error:
        raise Transient(f"{response.url} returned no JSON: {response.text[:300]!r}") from error


def describe_response(response: requests.Response) -> str:
    """GitHub's message, with those of single fields."""
    try:
        content = response.json()
        details = [str(each.get("message") or each) for each in content.get("errors", [])]
        return ": ".join([str(content["message"]), *details])
    except (ValueError, LookupError, AttributeError):
        return response.text[:300]
