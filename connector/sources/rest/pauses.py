"""How long a source requires to wait: Retry-After, or the reset time of a rate limit.

X-RateLimit-Reset is a time in seconds since 1970 UTC (https://www.ibm.com/docs/en/SSCL78/RateLimiting.html), elsewhere
a number of seconds. Some sources answer 403 instead of 429 when a limit is reached; the headers distinguish it from a
rejected key.
"""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime

import requests

from runtime.retry import is_transient_read, parse_retry_after

# Only with these a header about the rate limit explains the response; 5xx may carry it by accident.
LIMITED_STATUSES = {requests.codes.forbidden, requests.codes.too_many_requests}
# About the number of requests where they are transient: 418 (Binance) and 420 (Twitter) exist for nothing else.
RATE_STATUSES = {403, 418, 420, 429}
PAUSED_STATUSES = RATE_STATUSES | {409}  # transient with Retry-After
REMAINING = ("X-RateLimit-Remaining", "RateLimit-Remaining", "X-Rate-Limit-Remaining")
RESET = ("X-RateLimit-Reset", "RateLimit-Reset", "X-Rate-Limit-Reset")
FIRST_EPOCH = 10**9  # a number of seconds is below, a time above
FIRST_MILLISECONDS = 10**11  # a time in seconds is below

Now = Callable[[], datetime]


def utc_now() -> datetime:
    return datetime.now(UTC)


def is_transient(status: int, headers: Mapping[str, str]) -> bool:
    """Whether the same request may succeed later."""
    # Without these headers a 403 is about the key, and a retry cannot help.
    if status == requests.codes.forbidden and is_exhausted(headers):
        return True
    return is_transient_read(status) or (status in PAUSED_STATUSES and bool(headers.get("Retry-After")))


def read_pause(status: int, headers: Mapping[str, str], now: Now = utc_now) -> float | None:
    """Seconds; None without a usable header."""
    seconds = parse_retry_after(headers.get("Retry-After"), now)
    if seconds or status not in LIMITED_STATUSES or not is_exhausted(headers):
        return seconds
    reset = next((headers[name] for name in RESET if name in headers), "")
    try:
        value = float(reset)
    except ValueError:
        return None
    if value >= FIRST_MILLISECONDS:
        value /= 1000
    # The wall clock, because the header names a time.
    value -= now().timestamp() if value >= FIRST_EPOCH else 0
    return value if 0 < value < float("inf") else None


def is_exhausted(headers: Mapping[str, str]) -> bool:
    return any(headers.get(name, "").strip() == "0" for name in REMAINING)
