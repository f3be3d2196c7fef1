"""Waiting for something that runs elsewhere."""

from collections.abc import Callable
from dataclasses import dataclass

import requests
from google.api_core.exceptions import GoogleAPIError, ServerError, TooManyRequests
from google.auth.exceptions import GoogleAuthError, TransportError

from pipeline.errors import Unavailable

# What may be gone the next time one asks.
PASSING = (ServerError, TooManyRequests, TransportError, requests.ConnectionError, requests.Timeout)
REFUSED = (GoogleAPIError, GoogleAuthError, requests.RequestException)

FIRST_PAUSE_SECONDS = 0.25
LONGEST_PAUSE_SECONDS = 15.0
SLOWER = 1.1  # a run is seen to end after a tenth more than it took
# In a row; with the pauses between them about four minutes.
FAILURES = 50


@dataclass(frozen=True)
class Patience:
    """`check` raises when this run must not go on: it was stopped, or it lost its lease."""

    sleep: Callable[[float], object]
    check: Callable[[], None]

    def until[T](self, done: Callable[[T], bool], look: Callable[[], T], thing: str) -> T:
        """What `look` sees once it is `done`. An API that fails in passing is asked again; Unavailable."""
        pause, failures = FIRST_PAUSE_SECONDS, 0
        while True:
            self.check()
            try:
                seen = look()
                failures = 0
                if done(seen):
                    return seen
            except PASSING as error:
                failures += 1
                if failures == FAILURES:
                    raise Unavailable(
                        f"{thing} could not be looked at: its API failed {FAILURES} times in a row: {error}"
                    ) from error
            self.sleep(pause)
            pause = min(pause * SLOWER, LONGEST_PAUSE_SECONDS)
