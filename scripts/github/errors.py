"""Errors of requests to GitHub.

GitHubError
├── InvalidSettings   a variable of the run is missing
├── NotCompared       the job that compares an environment wrote no result
├── Transient         rate limit, 5xx or no response: the same request may succeed later
├── Denied            the token is invalid or lacks a permission
├── Missing           the object does not exist, or the token may not see it
└── Rejected          GitHub does not accept the request
"""


class GitHubError(Exception):
    """The message names the object and the remedy, and never the token."""


class InvalidSettings(GitHubError):
    pass


class NotCompared(GitHubError):
    pass


class Transient(GitHubError):
    """`seconds`: the wait that GitHub requests; None if it names none."""

    def __init__(self, message: str, seconds: float | None = None) -> None:
        super().__init__(message)
        self.seconds = seconds


class Denied(GitHubError):
    pass


class Missing(GitHubError):
    pass


class Rejected(GitHubError):
    pass
