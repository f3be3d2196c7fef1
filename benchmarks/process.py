"""A process, and what it took: wall time with the start of the interpreter, CPU, peak memory."""

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
    """`said` is the file that takes its standard output, where it writes its rows there."""

    words: Sequence[str]
    said: Path | None = None
    environment: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Taken:
    """Seconds, seconds, megabytes."""

    wall: float
    cpu: float
    memory: float


def run(command: Command) -> Taken:
    """BenchmarkError if the command fails, with its last words."""
    with tempfile.TemporaryDirectory() as folder:
        told = Path(folder, "told")
        launched = [sys.executable, "-I", "-S", str(LAUNCH), str(told), *command.words]
        process, log = started(command, launched)
        process.wait()
        code, *taken = map(float, told.read_text().split())
    if code:
        words = log.read_text(errors="replace").strip().splitlines()[-3:]
        raise BenchmarkError(f"{' '.join(command.words)} failed: {' '.join(words)}")
    return Taken(*taken)


def killed(command: Command, when: threading.Event) -> None:
    """Started, and killed by SIGKILL as soon as `when` is set; BenchmarkError if it ended before."""
    process, _ = started(command, command.words)
    when.wait()
    if process.poll() is not None:
        raise BenchmarkError(f"{' '.join(command.words)} ended before it could be killed")
    process.kill()
    process.wait()


def started(command: Command, words: Sequence[str]) -> tuple[subprocess.Popen[bytes], Path]:
    """`words` in the environment of `command`. Bytecode is compiled once and kept, as in an image."""
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    log = Path(tempfile.gettempdir(), f"benchmark-{os.getpid()}.log")
    with log.open("wb") as errors, (command.said or Path(os.devnull)).open("ab") as said:
        process = subprocess.Popen(
            words, stdout=said, stderr=errors, env=kept | dict(command.environment), preexec_fn=alone
        )
    return process, log
