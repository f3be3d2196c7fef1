"""Progress of a long sync: a log line every few seconds, also while one response is awaited."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

INTERVAL = 5.0  # seconds


@dataclass
class Progress:
    """Reports `step` and the elapsed time every `interval` seconds. A shorter sync reports nothing."""

    report: Callable[[str], None]
    clock: Callable[[], float] = time.monotonic
    interval: float = INTERVAL
    step: str = ""

    def set_step(self, step: str) -> None:
        self.step = step

    @contextmanager
    def track(self, name: str) -> Iterator[None]:
        """While the block runs, a thread reports its current step."""
        start, is_finished = self.clock(), threading.Event()

        def report_steps() -> None:
            # Not time.sleep: the end of the block would wait for the rest of an interval.
            while not is_finished.wait(self.interval):
                self.report(f"{name}: {self.step}, {self.clock() - start:.0f} s")

        thread = threading.Thread(target=report_steps, daemon=True)
        thread.start()
        try:
            yield
        finally:
            is_finished.set()
            thread.join()


def silent_progress() -> Progress:
    return Progress(lambda text: None)
