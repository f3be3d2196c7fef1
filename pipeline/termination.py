"""SIGTERM and Ctrl-C as a flag that a run checks between its requests."""

import signal
import threading
from types import FrameType

from runtime.errors import Terminated


class Termination(threading.Event):
    """Set by SIGTERM, or by Ctrl-C, whose `number` it has.

    A flag and not an exception: steps run in threads, which an exception in the main thread would not end.
    """

    number: int = signal.SIGTERM

    def listen(self) -> None:
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._receive)

    def _receive(self, number: int, frame: FrameType | None) -> None:
        self.number = number
        self.set()

    def check(self) -> None:
        """Terminated, with the number of the signal, once it has arrived."""
        if self.is_set():
            raise Terminated(self.number)
