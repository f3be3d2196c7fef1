"""Run a process and measure it: wall time with the start of the interpreter, CPU, peak memory."""

import os
import subprocess
import sys
import tempfile
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.cores import alone
from benchmarks.errors import BenchmarkError

LAUNCH = Path(__file__).parent / "launch.py"


@dataclass(frozen=True)
class Command:
    """`output` is the file for its standard output, if it prints its rows. `is_alone`: on a processor of its own."""

    arguments: Sequence[str]
    output: Path | None = None
    environment: Mapping[str, str] = field(default_factory=dict)
    is_alone: bool = True


@dataclass(frozen=True)
class Taken:
    """Seconds, seconds, megabytes."""

    wall: float
    cpu: float
    memory: float


def run(command: Command) -> Taken:
    """BenchmarkError if the command fails, with its last lines of log."""
    with tempfile.TemporaryDirectory() as folder:
        measured = Path(folder, "measured")
        launched = [sys.executable, "-I", "-S", str(LAUNCH), str(measured), *command.arguments]
        process, log = start(command, launched)
        process.wait()
        code, *taken = map(float, measured.read_text().split())
    if code:
        last_lines = log.read_text(errors="replace").strip().splitlines()[-3:]
        raise BenchmarkError(f"{' '.join(command.arguments)} failed: {' '.join(last_lines)}")
    return Taken(*taken)


def run_and_kill(command: Command, when: threading.Event) -> None:
    """Start the command, and kill it (SIGKILL) when `when` is set; BenchmarkError if it ended before."""
    # Without launch.py: SIGKILL would end only the launcher, and the command would continue.
    process, _ = start(command, command.arguments)
    when.wait()
    if process.poll() is not None:
        raise BenchmarkError(f"{' '.join(command.arguments)} ended before it could be killed")
    process.kill()
    process.wait()


def start(command: Command, arguments: Sequence[str]) -> tuple[subprocess.Popen[bytes], Path]:
    """`arguments` in the environment of `command`. Bytecode is cached, as in an image."""
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    # Into a file: a pipe that is not read would block the process when it is full.
    log = Path(tempfile.gettempdir(), f"benchmark-{os.getpid()}.log")
    # Appended: a resumed tool must not overwrite the rows and states of the process that was killed.
    with log.open("wb") as errors, (command.output or Path(os.devnull)).open("ab") as output:
        process = subprocess.Popen(
            arguments,
            stdout=output,
            stderr=errors,
            env=environment | dict(command.environment),
            # In the child before exec: the measured command and its children inherit the processor.
            preexec_fn=alone if command.is_alone else None,
        )
    return process, log
