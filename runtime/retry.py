"""Retry: exponential back-off with full jitter, Retry-After, and one deadline over all attempts."""

import random
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

# HTTP statuses after which the same request may succeed later. 425 is RFC 8470; the others are those of
# https://cloud.google.com/storage/docs/retry-strategy#tools
TRANSIENT_STATUSES = frozenset({408, 425, 429, 500, 502, 503, 504})
# Of the other statuses of a server these concern the request; proxies have many of their own, such as 520 to 530.
PERMANENT_SERVER_STATUSES = frozenset({501, 505, 511})
NOT_READY_STATUSES = frozenset({202, 423})  # accepted or locked: the result does not exist yet


def is_transient_read(status: int) -> bool:
    """Whether a request that only reads may succeed later, at any server or proxy."""
    is_failure = status >= 500 and status not in PERMANENT_SERVER_STATUSES
    return is_failure or status in TRANSIENT_STATUSES | NOT_READY_STATUSES


@dataclass(frozen=True)
class RetryPolicy:
    """At most `attempts` attempts that all begin within `deadline` seconds.

    The delay after failed attempt n (from 0) is random between 0 and `base * 2**n`, at most `cap` seconds.
    `limited_attempts`: of a request that a rate limit refuses. Most limits are per minute, and not all are announced.
    """

    attempts: int = 3
    limited_attempts: int = 10
    base: float = 1.0
    cap: float = 30.0
    deadline: float = 300.0
    sleep: Callable[[float], None] = field(default=time.sleep, repr=False)
    clock: Callable[[], float] = field(default=time.monotonic, repr=False)
    jitter: Callable[[float, float], float] = field(default=random.uniform, repr=False)

    def delay(self, attempt: int, retry_after: float | None = None, base: float | None = None) -> float:
        """Seconds to wait after failed `attempt` (from 0). Never less than `retry_after`.

        Jitter is added to Retry-After too: clients that failed together must not come back together.
        """
        base = self.base if base is None else base
        if retry_after:
            return retry_after + self.jitter(0, min(self.cap, base))
        return self.jitter(0, min(self.cap, base * 2**attempt))

    def call[Result](
        self, operation: Callable[[], Result], next_delay: Callable[[Exception, int], float | None]
    ) -> Result:
        """Call `operation` until it returns.

        `next_delay(error, attempt)` gives the seconds to wait, usually by `delay`, or None for an error that
        is not transient. That error, and the last one, are raised as they are.
        """
        end = self.clock() + self.deadline
        attempt = 0
        while True:
            try:
                return operation()
            except Exception as error:
                seconds = next_delay(error, attempt)
                is_last = attempt + 1 >= self.attempts
                if seconds is None or is_last or self.clock() + seconds > end:
                    raise
            self.sleep(seconds)
            attempt += 1


def parse_retry_after(
    header: str | None, now: Callable[[], datetime] = lambda: datetime.now(UTC)
) -> float | None:
    """Seconds of a Retry-After header, in either form of RFC 9110 section 10.2.3; None without a usable one.

    `0` counts as no header: obeying it makes a loop without a delay (dlt-hub/dlt#4036).
    """
    if not header:
        return None
    try:
        seconds = float(header)
    except ValueError:
        seconds = _seconds_until(header, now())
    return seconds if 0 < seconds < float("inf") else None


def _seconds_until(http_date: str, now: datetime) -> float:
    try:
        return (parsedate_to_datetime(http_date) - now).total_seconds()
    except (ValueError, TypeError):
        return 0
