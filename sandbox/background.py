"""What a thread of the sandbox does when it cannot store how its work ended."""

import sqlite3
import time
from collections.abc import Callable

RETRY_SECONDS = 0.5


def store_end(store: Callable[[], object], retry_seconds: float = RETRY_SECONDS) -> None:
    """Call `store` until the disk has room: a client would poll an operation without an end forever."""
    while True:
        try:
            store()
            return
        except (OSError, sqlite3.OperationalError):
            time.sleep(retry_seconds)
