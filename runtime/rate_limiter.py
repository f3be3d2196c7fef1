"""Client-side rate limiter: calls wait here instead of being rejected with 429."""

import threading
import time
from collections import deque
from collections.abc import Callable


class RateLimiter:
    """At most `limit` calls begin in any `period` seconds; without a `limit` none waits. Thread-safe.

    `RateLimiter(1, 0.2)` spaces calls evenly, five per second; `RateLimiter(60, 60.0)` allows bursts, as a
    quota per minute does. `on_wait` is called with the seconds before a wait.
    """

    def __init__(
        self,
        limit: int | None,
        period: float,
        sleep: Callable[[float], None] = time.sleep,
        clock: Callable[[], float] = time.monotonic,
        on_wait: Callable[[float], None] = lambda seconds: None,
    ) -> None:
        self.limit, self.period = limit, period
        self.sleep, self.clock, self.on_wait = sleep, clock, on_wait
        self.starts: deque[float] = deque()
        self.lock = threading.Lock()

    def wait(self) -> None:
        """Return when the next call may begin, in the order in which threads called."""
        if self.limit is None:
            return
        with self.lock:
            now = self.clock()
            start = now
            if len(self.starts) >= self.limit:
                # One period after the call that began `limit` calls ago.
                start = max(now, self.starts.popleft() + self.period)
            self.starts.append(start)
        # Outside the lock: the start is reserved, so other threads can compute theirs meanwhile.
        if start > now:
            self.on_wait(start - now)
            self.sleep(start - now)
