"""What a long sync is doing, said every few seconds, also while it waits for one answer."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

EVERY = 5.0  # seconds


@dataclass
class Progress:
    """`doing` is said every `every` seconds, with how long the work has taken. A short one says nothing."""

    say: Callable[[str], None]
    clock: Callable[[], float] = time.monotonic
    every: float = EVERY
    doing: str = ""

    def tell(self, doing: str) -> None:
        self.doing = doing

    @contextmanager
    def of(self, name: str) -> Iterator[None]:
        """While the block runs, a thread says what it is doing."""
        start, ended = self.clock(), threading.Event()

        def beat() -> None:
            while not ended.wait(self.every):
                self.say(f"{name}: {self.doing}, {self.clock() - start:.0f} s")

        thread = threading.Thread(target=beat, daemon=True)
        thread.start()
        try:
            yield
        finally:
            ended.set()
            thread.join()


def silent() -> Progress:
    return Progress(lambda text: None)
