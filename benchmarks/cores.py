"""A contender has one processor, as a job on Cloud Run has; source and sandbox share the others."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager

CORES = sorted(os.sched_getaffinity(0)) if sys.platform == "linux" else []


def alone() -> None:
    """Called in a contender's process before its command."""
    # Only Linux has this call, and a single processor cannot be divided.
    if sys.platform == "linux" and len(CORES) > 1:
        os.sched_setaffinity(0, CORES[:1])


@contextmanager
def apart() -> Iterator[None]:
    """What is started here stays off a contender's processor."""
    if sys.platform != "linux" or len(CORES) < 2:
        yield
        return
    # Set on this process before it starts the others, because child processes inherit it.
    os.sched_setaffinity(0, CORES[1:])
    try:
        yield
    finally:
        os.sched_setaffinity(0, CORES)
