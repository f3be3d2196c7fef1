"""Errors that every job can raise, and the exit codes of a job.

JobError                 base of every job's own error tree
├── UsageError           wrong command line arguments
├── SettingsError        missing or invalid environment variables or credentials
├── LeaseHeld            another run holds the lease; nothing was done
├── LeaseLost            another process took the lease over; this one must stop
├── MailError            a mail server did not accept a mail
└── StorageError         a Cloud Storage request failed
    └── StorageDenied    status 403: a missing grant, or a missing object in a bucket that may not be listed

Terminated is not an Exception, so that no `except Exception` delays the end of a job.
"""

import signal
from collections.abc import Callable

from runtime.masking import mask_secrets

EXIT_FAILED = 1
EXIT_USAGE = 2
EXIT_TRY_LATER = 75  # EX_TEMPFAIL of sysexits.h
EXIT_SIGNAL_BASE = 128  # plus the signal number: 143 for SIGTERM
MAX_EXCERPT = 300  # characters of a response in an error


class JobError(Exception):
    """Ends the job with `exit_code`. The message names the object, the value and the remedy."""

    exit_code = EXIT_FAILED


class UsageError(JobError):
    exit_code = EXIT_USAGE


class SettingsError(JobError):
    exit_code = EXIT_USAGE


class LeaseHeld(JobError):
    exit_code = EXIT_TRY_LATER


class LeaseLost(JobError):
    exit_code = EXIT_TRY_LATER


class MailError(JobError):
    """`is_permanent`: the server replied 5xx."""

    def __init__(self, message: str, is_permanent: bool = False) -> None:
        super().__init__(message)
        self.is_permanent = is_permanent


class StorageError(JobError):
    pass


class StorageDenied(StorageError):
    pass


class Terminated(BaseException):
    """Raised in the main thread on SIGTERM (Cloud Run sends it 10 s before it kills a task) and on Ctrl-C."""

    def __init__(self, number: int) -> None:
        super().__init__(signal.Signals(number).name)
        self.exit_code = EXIT_SIGNAL_BASE + number


def describe_error(error: BaseException) -> str:
    """The text of an error of a library; the name of its type if it has none, as a TimeoutError."""
    return str(error) or type(error).__name__


def describe_body(content: bytes, redact: Callable[[str], str]) -> str:
    """The beginning of a response, quoted, without secrets: some servers repeat them in their errors."""
    # Redacted first: a secret that the limit cuts in two, or whose quotes are escaped, would not be recognized.
    return repr(mask_secrets(redact(content.decode("utf-8", "replace")))[:MAX_EXCERPT])
