"""The server's own process: one on a root at a time, on one port, ended as a whole."""

import fcntl
import json
import os
import shlex
import signal
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from types import FrameType

import uvicorn
from starlette.types import ASGIApp

from sandbox import environment
from sandbox.errors import CannotStart
from sandbox.recorder import Recorder
from sandbox.state import PROJECT, State

GRACE_SECONDS = 3  # for requests that are being answered when the end comes

# A connection that we close is lost on whoever sends a change over it at that moment: clients close first.
KEPT_SECONDS = 600


@dataclass(frozen=True)
class Holder:
    """Which process has a root, its port and its project; the file stays when the process has ended."""

    process: int
    port: int
    project: str = PROJECT

    @staticmethod
    def of(root: Path) -> "Holder":
        with suppress(FileNotFoundError, ValueError):
            return Holder(**json.loads((root / "holder").read_text()))
        return Holder(0, 0)

    def write(self, root: Path) -> None:
        (root / "holder.new").write_text(json.dumps(asdict(self)))
        (root / "holder.new").replace(root / "holder")

    def state(self, root: Path) -> State:
        return State(root, self.port, self.project)


@dataclass(frozen=True)
class Options:
    """port: 0 is any; exit_with_parent: stop when standard input ends; record: see recorder.py."""

    root: Path
    port: int = 0
    exit_with_parent: bool = False
    record: bool = False
    project: str = PROJECT


class Ending:
    """What a signal does, from the first moment to the last; in between uvicorn takes signals itself."""

    server: uvicorn.Server | None = None

    def __call__(self, number: int, frame: FrameType | None) -> None:
        if self.server is None:
            raise SystemExit(0)
        self.server.should_exit = True


def serve(options: Options, announce: Callable[[State], None]) -> None:
    """Answers until SIGINT or SIGTERM comes."""
    root, ending = options.root, Ending()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, ending)
    if options.exit_with_parent:
        threading.Thread(target=end_with_input, daemon=True).start()
    with claimed(root), listening(options.port, Holder.of(root).port) as listener:
        state = State(root, int(listener.getsockname()[1]), options.project)
        app = built(state, options)
        config = uvicorn.Config(
            app,
            log_level="warning",
            timeout_graceful_shutdown=GRACE_SECONDS,
            timeout_keep_alive=KEPT_SECONDS,
        )
        ending.server = uvicorn.Server(config)
        listener.listen(config.backlog)  # from here a client waits instead of being refused
        write_environment(state)
        Holder(os.getpid(), state.port, state.project).write(root)
        announce(state)
        ending.server.run(sockets=[listener])


def built(state: State, options: Options) -> ASGIApp:
    from sandbox.server import application  # everything heavy, once the root is ours

    app = application(state)
    return Recorder(app, state.root) if options.record else app


@contextmanager
def claimed(root: Path) -> Iterator[None]:
    """The kernel gives the lock back when the process ends, however it ends."""
    root.mkdir(parents=True, exist_ok=True)
    with (root / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            holder = Holder.of(root)
            raise CannotStart(
                f"a sandbox already runs in {root}, as process {holder.process} on port {holder.port}; "
                "end it, or name another folder with --root."
            ) from error
        yield


@contextmanager
def listening(port: int, last: int) -> Iterator[socket.socket]:
    """On the port asked for; else on the last one, so that what is open still works; else on a free one."""
    # With the protocol named, asyncio sets TCP_NODELAY; without it every answer takes 40 ms more.
    with socket.socket(proto=socket.IPPROTO_TCP) as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind(("127.0.0.1", port or last))
        except OSError as error:
            if port:
                raise CannotStart(f"port {port} is taken; name another with --port, or none.") from error
            listener.bind(("127.0.0.1", 0))
        yield listener


def write_environment(state: State) -> None:
    """What a person sources; without the dead end for HTTPS, which is Terraform's alone."""
    variables = environment.terraform(state) | environment.clients(state, state.identity("developer"))
    lines = [
        f"export {name}={shlex.quote(value)}" for name, value in variables.items() if name != "HTTPS_PROXY"
    ]
    (state.root / "env").write_text("\n".join(lines) + "\n")


def end_with_input() -> None:
    """Whoever started this holds the other end of standard input; without them nobody needs the server."""
    while os.read(0, 1024):
        pass
    os.kill(os.getpid(), signal.SIGTERM)
