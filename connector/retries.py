"""When to try again, and when to stop: exponential back-off with full jitter, Retry-After honoured, one
deadline."""

import random
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime


@dataclass(frozen=True)
class Retries:
    """At most `tries` attempts within `deadline` seconds; the n-th pause is at most `base * 2**n`, at most
    `cap`."""

    tries: int = 3
    base: float = 1.0
    cap: float = 30.0
    deadline: float = 300.0
    sleep: Callable[[float], None] = field(default=time.sleep, repr=False)
    clock: Callable[[], float] = field(default=time.monotonic, repr=False)
    jitter: Callable[[float, float], float] = field(default=random.uniform, repr=False)

    def pause(self, attempt: int, hint: float | None) -> float:
        """Seconds to wait after the failed `attempt` (from 0); a hint of the server is a least, not a
        most."""
        wait = self.jitter(0, min(self.cap, self.base * 2**attempt))
        return max(wait, hint) if hint else wait


def hint(retry_after: str | None, now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> float | None:
    """Seconds that a Retry-After header asks for. `0` is no hint: taken at its word it makes a loop without
    pause (dlt-hub/dlt#4036)."""
    if not retry_after:
        return None
    try:
        seconds = float(retry_after)
    except ValueError:
        seconds = seconds_until(retry_after, now())
    return seconds if 0 < seconds < float("inf") else None


def seconds_until(http_date: str, now: datetime) -> float:
    try:
        return (parsedate_to_datetime(http_date) - now).total_seconds()
    except (ValueError, TypeError):
        return 0
