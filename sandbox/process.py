"""A sandbox in a process of its own, for as long as somebody needs it."""

import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sandbox.errors import CannotStart
from sandbox.serving import Holder
from sandbox.state import State

START_SECONDS = 60
END_SECONDS = 30
REPOSITORY = Path(__file__).parents[1]


@contextmanager
def running(root: Path, *options: str) -> Iterator[State]:
    """Start the sandbox that keeps its state in `root`, wait until it answers, end it afterwards.

    It ends too when this process does, killed or not: it holds the other end of its standard input.
    """
    root = root.resolve()
    root.mkdir(parents=True, exist_ok=True)
    command = [sys.executable, "-m", "sandbox", "serve", "--root", str(root), "--leash", *options]
    with (root / "server.log").open("ab") as log:
        process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=log, stderr=log, cwd=REPOSITORY, start_new_session=True
        )
    try:
        yield started(root, process)
    finally:
        end(process)


def started(root: Path, process: subprocess.Popen[bytes]) -> State:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        holder = Holder.of(root)
        if holder.process == process.pid:
            state = holder.state(root)
            wait(state, process)
            return state
        time.sleep(0.02)
    lines = (root / "server.log").read_text().strip().splitlines()
    raise CannotStart(f"the sandbox in {root} did not start; its last words: {lines[-1:]}")


def wait(state: State, process: subprocess.Popen[bytes]) -> None:
    """Until the server answers. Raises CannotStart if it ended, or takes longer than anybody waits."""
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        try:
            urllib.request.urlopen(state.address, timeout=START_SECONDS).close()
        except urllib.error.URLError:
            time.sleep(0.02)
        else:
            return
    raise CannotStart(f"the sandbox did not answer on {state.address}; see {state.root / 'server.log'}")


def end(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(timeout=END_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    if process.stdin:
        process.stdin.close()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
