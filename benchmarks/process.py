"""A process, and what it took: wall time with the start of the interpreter, CPU, peak memory."""

import os
import subprocess
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from time import perf_counter

from benchmarks.errors import BenchmarkError


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
    begin = perf_counter()
    process, log = started(command)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    taken = Taken(perf_counter() - begin, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024)
    if process.returncode:
        words = log.read_text(errors="replace").strip().splitlines()[-3:]
        raise BenchmarkError(f"{' '.join(command.words)} failed: {' '.join(words)}")
    return taken


def killed(command: Command, when: threading.Event) -> None:
    """Started, and killed by SIGKILL as soon as `when` is set; BenchmarkError if it ended before."""
    process, _ = started(command)
    when.wait()
    if process.poll() is not None:
        raise BenchmarkError(f"{' '.join(command.words)} ended before it could be killed")
    process.kill()
    process.wait()


def started(command: Command) -> tuple[subprocess.Popen[bytes], Path]:
    """Bytecode is compiled once and kept, as in an image."""
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    log = Path(os.environ.get("TMPDIR", "/tmp")) / f"benchmark-{os.getpid()}.log"
    with log.open("wb") as errors, (command.said or Path(os.devnull)).open("ab") as said:
        process = subprocess.Popen(
            command.words, stdout=said, stderr=errors, env=kept | dict(command.environment)
        )
    return process, log
