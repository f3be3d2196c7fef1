"""Trying again: five times, with full jitter, as long as the deadline lets."""

import random
import time
from collections.abc import Callable
from dataclasses import dataclass

import requests

from sheets_sync.errors import Busy, OutcomeUnknown

TRIES = 5
DEADLINE = 300.0  # seconds from the first try to the start of the last
# A quota is full again after a minute: the four waits before five tries add up to one on average.
QUOTA_SECONDS, OUTAGE_SECONDS = 8.0, 1.0


@dataclass(frozen=True)
class Retry:
    """`clock` and `sleep` count seconds; `draw(a, b)` is a random number between them."""

    sleep: Callable[[float], None] = time.sleep
    clock: Callable[[], float] = time.monotonic
    draw: Callable[[float, float], float] = random.uniform

    def run[T](self, call: Callable[[], T], resend: bool) -> T:
        """Busy calls are sent again; those of unknown outcome only where `resend` allows."""
        deadline = self.clock() + DEADLINE
        for attempt in range(TRIES):
            try:
                return call()
            except (Busy, OutcomeUnknown) as error:
                wait = self.wait(error, attempt)
                hopeless = attempt == TRIES - 1 or self.clock() + wait > deadline
                if hopeless or (isinstance(error, OutcomeUnknown) and not resend):
                    raise
            self.sleep(wait)
        raise AssertionError("the last attempt returns or raises")

    def pause(self) -> None:
        """Before a look at what became of a call whose answer was lost."""
        self.sleep(self.draw(OUTAGE_SECONDS, 2 * OUTAGE_SECONDS))

    def wait(self, error: Busy | OutcomeUnknown, attempt: int) -> float:
        """Seconds. A `Retry-After: 0` is no hint: servers that say so are no less busy."""
        asked = error.retry_after if isinstance(error, Busy) else None
        base = QUOTA_SECONDS if isinstance(error, Busy) and error.quota else OUTAGE_SECONDS
        return (asked or 0.0) + self.draw(0.0, OUTAGE_SECONDS if asked else base * 2**attempt)


def retry_after(response: requests.Response) -> float | None:
    """The seconds that the server asked for. The form with a date is no hint: Google's APIs do not use it."""
    hint = response.headers.get("Retry-After", "")
    return float(hint) if hint.isascii() and hint.isdigit() else None
