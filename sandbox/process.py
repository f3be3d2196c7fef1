"""A sandbox in a process of its own, for as long as somebody needs it."""

import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sandbox.__main__ import free_port
from sandbox.state import State

START_SECONDS = 60


@contextmanager
def running(root: Path) -> Iterator[State]:
    """Start the sandbox that keeps its state in `root`, wait until it answers, end it afterwards."""
    state = State(root.resolve(), free_port())
    state.root.mkdir(parents=True, exist_ok=True)
    command = [sys.executable, "-m", "sandbox", "serve", "--root", str(state.root), "--port", str(state.port)]
    with (state.root / "server.log").open("ab") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log)
    try:
        wait(state, process)
        yield state
    finally:
        process.terminate()
        process.wait(timeout=30)


def wait(state: State, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        try:
            urllib.request.urlopen(state.address, timeout=5).close()
        except urllib.error.URLError:
            time.sleep(0.05)
        else:
            return
    raise RuntimeError(f"the sandbox did not start within {START_SECONDS} s; see {state.root / 'server.log'}")
