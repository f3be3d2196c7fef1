"""Poll an operation that runs elsewhere until it is done."""

from collections.abc import Callable
from dataclasses import dataclass

import requests
from google.api_core.exceptions import ServerError, TooManyRequests
from google.auth.exceptions import TransportError

from pipeline.errors import Unavailable
from runtime.google_errors import CLIENT_ERRORS

# Google's clients raise these for runtime.retry.TRANSIENT_STATUSES and for lost connections.
TRANSIENT = (ServerError, TooManyRequests, TransportError, requests.ConnectionError, requests.Timeout)

FIRST_PAUSE_SECONDS = 0.25
LONGEST_PAUSE_SECONDS = 15.0
BACKOFF_FACTOR = 1.1  # completion is noticed at most 10 % late
MAX_FAILURES = 50  # in a row; with the pauses between them about four minutes


@dataclass(frozen=True)
class Poller:
    """`check` raises when this run must not continue: it was terminated, or it lost its lease."""

    sleep: Callable[[float], object]
    check: Callable[[], None]

    def wait_until[T](self, is_done: Callable[[T], bool], poll: Callable[[], T], resource: str) -> T:
        """The first result of `poll` that is done. Retries transient errors; Unavailable after too many."""
        pause, failures = FIRST_PAUSE_SECONDS, 0
        while True:
            # Before each poll: a long wait must end soon after a SIGTERM.
            self.check()
            try:
                result = poll()
                # In a row: a run of hours meets some transient errors.
                failures = 0
                if is_done(result):
                    return result
            except TRANSIENT as error:
                failures += 1
                if failures == MAX_FAILURES:
                    message = (
                        f"could not poll {resource}: {MAX_FAILURES} errors in a row, the last one: {error}"
                    )
                    raise Unavailable(message) from error
            self.sleep(pause)
            pause = min(pause * BACKOFF_FACTOR, LONGEST_PAUSE_SECONDS)

    def wait_until_ended[T](self, has_ended: Callable[[T], bool], get: Callable[[], T], started: str) -> T:
        """`wait_until` for an operation that this run started; an error that is not transient is Unavailable."""

        def poll() -> T:
            try:
                return get()
            except TRANSIENT:
                # First, because CLIENT_ERRORS contains these as well.
                raise
            except CLIENT_ERRORS as error:
                raise Unavailable(f"{started} was started, but polling it failed: {error}") from error

        return self.wait_until(has_ended, poll, started)

    def call[T](self, request: Callable[[], T], resource: str) -> T:
        """One idempotent request, retried while its errors are transient."""
        return self.wait_until(lambda result: True, request, resource)
