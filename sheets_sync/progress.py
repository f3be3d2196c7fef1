"""What a long sync is doing, said every few seconds."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field

EVERY = 5.0  # seconds


@dataclass
class Progress:
    """Says where a sync is, unless it said so less than EVERY seconds ago. A short sync says nothing."""

    say: Callable[[str], None]
    clock: Callable[[], float] = time.monotonic
    last: float = field(init=False)

    def __post_init__(self) -> None:
        self.last = self.clock()

    def tell(self, text: str) -> None:
        if self.clock() - self.last >= EVERY:
            self.last = self.clock()
            self.say(text)


def silent() -> Progress:
    return Progress(lambda text: None)
