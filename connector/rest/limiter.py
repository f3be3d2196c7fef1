"""So many requests a second, whoever asks."""

import threading
import time
from collections.abc import Callable


class Limiter:
    """`wait` returns when the next request may begin: evenly spaced, in the order of the calls."""

    def __init__(
        self,
        per_second: float | None,
        sleep: Callable[[float], None] = time.sleep,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.space = 1 / per_second if per_second else 0.0
        self.sleep, self.clock = sleep, clock
        self.free = 0.0
        self.lock = threading.Lock()

    def wait(self) -> None:
        if not self.space:
            return
        with self.lock:
            now = self.clock()
            mine = max(now, self.free)
            self.free = mine + self.space
        if mine > now:
            self.sleep(mine - now)
