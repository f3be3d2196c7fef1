"""A quota of calls, kept on our side: who waits before a call need not be told to after it."""

import time
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

WINDOW = 60.0  # seconds


@dataclass(frozen=True)
class Limiter:
    """At most `most[kind]` calls of a kind in any WINDOW; a kind that has none is free. `clock` and `sleep`
    count seconds; `say` is told of a wait."""

    most: Mapping[str, int]
    sleep: Callable[[float], None] = time.sleep
    clock: Callable[[], float] = time.monotonic
    say: Callable[[str], None] = lambda text: None
    sent: dict[str, deque[float]] = field(default_factory=dict)

    def admit(self, kind: str) -> None:
        """Returns when a call may be sent."""
        most = self.most.get(kind)
        if most is None:
            return
        sent = self.sent.setdefault(kind, deque())
        while len(sent) >= most:
            wait = sent[0] + WINDOW - self.clock()
            if wait > 0:
                self.say(f"waiting {wait:.0f} s: {most} {kind} calls a minute are allowed")
                self.sleep(wait)
            sent.popleft()
        sent.append(self.clock())
