"""Retry of requests to Sheets and to other APIs: which errors are retried, and how long each wait is."""

from collections.abc import Callable

from runtime.retry import RetryPolicy
from sheets_sync.errors import OutcomeUnknown, TransientError

# A quota per minute is full again after a minute: with this base the four waits add up to one minute on
# average. The cap lets the last of them grow to 64 seconds.
QUOTA_BASE, OUTAGE_BASE = 8.0, 1.0
RETRY_POLICY = RetryPolicy(attempts=5, base=OUTAGE_BASE, cap=64.0, deadline=300.0)


def call_with_retry[Result](policy: RetryPolicy, operation: Callable[[], Result], resend: bool) -> Result:
    """Retry transient errors. A request of unknown outcome is sent again only if `resend` allows it.

    `resend` is for idempotent requests. All attempts begin before the deadline of the policy: a longer
    Retry-After raises the error at once.
    """

    def next_delay(error: Exception, attempt: int) -> float | None:
        if isinstance(error, OutcomeUnknown) and resend:
            return policy.delay(attempt)
        if not isinstance(error, TransientError):
            return None
        if error.retry_after:
            return policy.delay(attempt, error.retry_after)
        return policy.delay(attempt, base=QUOTA_BASE if error.quota else OUTAGE_BASE)

    return policy.call(operation, next_delay)
