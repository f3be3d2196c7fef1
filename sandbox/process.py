"""A sandbox as a child process, for tests and commands."""

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
# Longer than the time that the server gives to requests in progress: GRACE_SECONDS in serving.py.
STOP_SECONDS = 30
POLL_SECONDS = 0.02
REPOSITORY = Path(__file__).parents[1]


@contextmanager
def running(root: Path, *options: str) -> Iterator[State]:
    """Starts the sandbox with its data in `root`, waits until it responds, and stops it afterwards.

    With --exit-with-parent it stops also when this process is killed: the kernel then closes the pipe that
    is its standard input. Raises CannotStart.
    """
    root = root.resolve()
    root.mkdir(parents=True, exist_ok=True)
    command = [sys.executable, "-m", "sandbox", "serve", "--root", str(root), "--exit-with-parent", *options]
    with (root / "server.log").open("ab") as log:
        # Its own session: Ctrl-C must not end the sandbox while this process still uses it. The working directory
        # is where Python finds the package, which is not installed.
        process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=log, stderr=log, cwd=REPOSITORY, start_new_session=True
        )
    try:
        yield wait_for_start(root, process)
    finally:
        stop(process)


def wait_for_start(root: Path, process: subprocess.Popen[bytes]) -> State:
    """The port is known once the process has written its `holder` file."""
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        holder = Holder.of(root)
        # The file of an earlier process remains in the root, with another process id and maybe another port.
        if holder.process == process.pid:
            state = holder.state(root)
            # The file is written before the server runs; until then connections wait in the backlog.
            wait(state, process)
            return state
        time.sleep(POLL_SECONDS)
    last_lines = (root / "server.log").read_text().strip().splitlines()[-1:]
    raise CannotStart(f"the sandbox in {root} did not start; the end of its log: {last_lines}")


def wait(state: State, process: subprocess.Popen[bytes]) -> None:
    """Polls until the server responds. Raises CannotStart when the process ended or START_SECONDS passed."""
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        try:
            urllib.request.urlopen(state.address, timeout=START_SECONDS).close()
        except urllib.error.URLError:
            time.sleep(POLL_SECONDS)
        else:
            return
    raise CannotStart(f"the sandbox did not respond on {state.address}; see {state.root / 'server.log'}")


def stop(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(timeout=STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    if process.stdin:
        process.stdin.close()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
