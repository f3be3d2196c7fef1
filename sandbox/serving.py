"""The server process: one per root folder at a time, on one port."""

import fcntl
import json
import os
import shlex
import signal
import socket
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from types import FrameType

import uvicorn
from starlette.types import ASGIApp

from sandbox import environment
from sandbox.errors import CannotStart
from sandbox.extensions import Extension, collect_variables, load_extension
from sandbox.recorder import Recorder
from sandbox.state import PROJECT, SPREADSHEET, State

GRACE_SECONDS = 3  # for requests in progress when the server stops
# Longer than any client keeps an idle connection: if the server closed it first, a request that is sent at
# that moment would be lost, and clients do not retry changes.
KEEP_ALIVE_SECONDS = 600


@dataclass(frozen=True)
class Holder:
    """The process that uses a root, its port and its project. The file remains after the process ended:
    the next one takes the same port if it is free.
    """

    process: int
    port: int
    project: str = PROJECT
    job_variables: dict[str, str] = field(default_factory=dict)

    @staticmethod
    def of(root: Path) -> "Holder":
        with suppress(FileNotFoundError, ValueError):
            return Holder(**json.loads((root / "holder").read_text()))
        return Holder(0, 0)

    def write(self, root: Path) -> None:
        # A rename is atomic: process.py polls this file and must not read half of it.
        (root / "holder.new").write_text(json.dumps(asdict(self)))
        (root / "holder.new").replace(root / "holder")

    def state(self, root: Path) -> State:
        return State(root, self.port, self.project, self.job_variables)


@dataclass(frozen=True)
class Options:
    """port: 0 is any; exit_with_parent: stop when standard input ends; record: see recorder.py."""

    root: Path
    port: int = 0
    exit_with_parent: bool = False
    record: bool = False
    project: str = PROJECT
    extensions: tuple[str, ...] = ()
    spreadsheets: tuple[str, ...] = (SPREADSHEET,)


class StopHandler:
    """Signal handler for the time in which uvicorn has not installed its own."""

    server: uvicorn.Server | None = None

    def __call__(self, number: int, frame: FrameType | None) -> None:
        if self.server is None:
            raise SystemExit(0)
        self.server.should_exit = True


def serve(options: Options, announce: Callable[[State], None]) -> None:
    """Serves until SIGINT or SIGTERM. Raises CannotStart."""
    root, stop_handler = options.root, StopHandler()
    # First of all: uvicorn installs its handlers when it runs, and a signal can arrive while build_app imports.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, stop_handler)
    if options.exit_with_parent:
        threading.Thread(target=stop_with_parent, daemon=True).start()
    # The lock first: without it two processes could read the same last port and both write `holder`.
    with claimed(root), listening(options.port, Holder.of(root).port) as listener:
        state = State(
            root, int(listener.getsockname()[1]), options.project, spreadsheets=options.spreadsheets
        )
        # After the port is known: variables of an extension may contain the address of the sandbox.
        loaded = [load_extension(name) for name in options.extensions]
        state = replace(state, job_variables=collect_variables(state, loaded))
        app = build_app(state, loaded, options.record)
        config = uvicorn.Config(
            app,
            log_level="warning",
            timeout_graceful_shutdown=GRACE_SECONDS,
            timeout_keep_alive=KEEP_ALIVE_SECONDS,
        )
        stop_handler.server = uvicorn.Server(config)
        listener.listen(config.backlog)  # from here on, connections wait instead of being refused
        write_environment(state)
        Holder(os.getpid(), state.port, state.project, dict(state.job_variables)).write(root)
        announce(state)
        stop_handler.server.run(sockets=[listener])


def build_app(state: State, extensions: Sequence[Extension], record: bool) -> ASGIApp:
    from sandbox.server import application  # imports every service: only after the root is locked

    app = application(state, [route for extension in extensions for route in extension.routes(state)])
    return Recorder(app, state.root) if record else app


@contextmanager
def claimed(root: Path) -> Iterator[None]:
    """Locks the root. The kernel releases the lock when the process ends, also after SIGKILL."""
    try:
        root.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise CannotStart(f"{root} is not a folder that can be written: {error.strerror}") from error
    # The file is never deleted: with a deleted one, two processes could each lock a file of this name.
    with (root / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            holder = Holder.of(root)
            raise CannotStart(
                f"a sandbox already runs in {root}, as process {holder.process} on port {holder.port}; "
                "stop it, or choose another folder with --root."
            ) from error
        yield


@contextmanager
def listening(port: int, last: int) -> Iterator[socket.socket]:
    """On `port`; without one on the `last` port, so that open pages still work; otherwise on a free one."""
    # asyncio sets TCP_NODELAY only with an explicit protocol; without it every response takes 40 ms more.
    with socket.socket(proto=socket.IPPROTO_TCP) as listener:
        # Otherwise connections of the last process in TIME_WAIT would block its port for a minute.
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            # Never on another interface: a request without a token has all rights of the owner.
            listener.bind(("127.0.0.1", port or last))
        except OSError as error:
            if port:
                raise CannotStart(
                    f"port {port} is taken; choose another with --port, or leave it out."
                ) from error
            listener.bind(("127.0.0.1", 0))
        yield listener


def write_environment(state: State, extra: Mapping[str, str] | None = None) -> None:
    """The file `env`, to be sourced by a shell: variables for Google's clients and Terraform, and `extra`.

    It has no HTTPS_PROXY: that blocks requests to real endpoints for Terraform, but also everything else that
    the person does in the same shell.
    """
    variables = environment.terraform(state) | environment.clients(state, state.identity("developer"))
    lines = [
        f"export {name}={shlex.quote(value)}"
        for name, value in (variables | dict(extra or {})).items()
        if name != "HTTPS_PROXY"
    ]
    new = state.root / "env.new"
    new.touch(0o600)  # `extra` may have API keys
    new.write_text("\n".join(lines) + "\n")
    new.replace(state.root / "env")


def stop_with_parent() -> None:
    """The parent process has the other end of standard input; it is closed when the parent ends."""
    while os.read(0, 1024):
        pass
    # A signal instead of an exit: requests in progress end as they do after Ctrl-C.
    os.kill(os.getpid(), signal.SIGTERM)
