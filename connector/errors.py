"""Errors of the connector, and who can fix each.

ConnectorError (runtime.errors.JobError; UsageError, SettingsError, LeaseHeld, LeaseLost and StorageError are there)
├── DeclarationError      the authors of connector/sources/*.yaml and connector/schemas/*.json
├── SourceError           the source
│   ├── RequestRejected   it rejected the request permanently: key, path or parameter
│   │   ├── CursorExpired it no longer accepts its own link to the next page; the next run starts again
│   │   ├── KeyRejected   it rejected the API key
│   │   └── ValueUnreadable a database cannot write one of the requested values
│   ├── SourceUnavailable no response after all retries; the next run resumes
│   │   └── RangeCancelled a database stopped a query; a smaller range may succeed
│   └── InvalidResponse   a response that is not a page of items
├── LoadError             BigQuery; the files wait in processing/ for the next run
│   └── InvalidData       BigQuery read the files and will never accept them
├── FileMissing           a file of a replay that is not in the bucket
├── NoWorkingKey          no version of the secret is accepted by the source: a person adds a new key
├── SecretError           Secret Manager; the outcome of the request is unknown
│   └── SecretRefused     the grants on the secret, or its state; nothing was changed
├── SubscriptionError     Pub/Sub, or the grants on the subscription
└── IncompleteRun         the run finished without some of its rows: files in failed/, or rows never received
"""

from runtime.errors import EXIT_USAGE, JobError


class ConnectorError(JobError):
    pass


class DeclarationError(ConnectorError):
    exit_code = EXIT_USAGE


class SourceError(ConnectorError):
    pass


class RequestRejected(SourceError):
    """`status`: the HTTP status, if there was a response."""

    def __init__(self, message: str, status: int | None = None) -> None:
        super().__init__(message)
        self.status = status


class CursorExpired(RequestRejected):
    pass


class KeyRejected(RequestRejected):
    pass


class SourceUnavailable(SourceError):
    """`retry_after`: seconds of the source's Retry-After header, if it sent one."""

    def __init__(self, message: str, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class RateLimited(SourceUnavailable):
    """Too many requests. The limit ends after a time that the source may not state."""


class ValueUnreadable(RequestRejected):
    pass


class RangeCancelled(SourceUnavailable):
    pass


class InvalidResponse(SourceError):
    pass


class LoadError(ConnectorError):
    pass


class InvalidData(LoadError):
    """`messages` are those of BigQuery; some name a file."""

    def __init__(self, message: str, messages: list[str]) -> None:
        super().__init__(message)
        self.messages = messages


class FileMissing(ConnectorError):
    exit_code = EXIT_USAGE


class NoWorkingKey(ConnectorError):
    pass


class SecretError(ConnectorError):
    pass


class SecretRefused(SecretError):
    pass


class SubscriptionError(ConnectorError):
    pass


class IncompleteRun(ConnectorError):
    pass
