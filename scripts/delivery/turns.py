"""Commands that exclude each other can wait for their turn."""

import argparse
import sys
import time
from collections.abc import Callable

from runtime.delivery import Busy

WAIT_SECONDS = 1800.0
RETRY_SECONDS = 10.0


def add_wait(parser: argparse.ArgumentParser, other: str) -> None:
    parser.add_argument(
        "--wait", action="store_true", help=f"up to {WAIT_SECONDS / 60:.0f} minutes for another {other}"
    )


def wait_for_turn[T](action: Callable[[], T], *, wait: bool, retry_seconds: float = RETRY_SECONDS) -> T:
    """The result of `action`; Busy if another is still running after WAIT_SECONDS, or at once without `wait`."""
    deadline = time.monotonic() + (WAIT_SECONDS if wait else 0)
    while True:
        try:
            return action()
        except Busy as error:
            if time.monotonic() >= deadline:
                raise
            print(f"waiting: {error}", file=sys.stderr, flush=True)
            time.sleep(retry_seconds)
