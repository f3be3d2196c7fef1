"""Progress in the terminal: one line per step, with its result and its duration."""

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TextIO


@dataclass
class Step:
    """`note` is the result in words; `start` is in seconds since the demo started, `seconds` the duration.

    `depth` 1 is a step of a pipeline run; a pipeline run itself has `is_run`.
    """

    label: str
    start: float
    note: str = ""
    seconds: float = 0.0
    depth: int = 0
    is_run: bool = False


@dataclass
class Screen:
    """Prints steps and collects them."""

    out: TextIO = sys.stdout
    steps: list[Step] = field(default_factory=list)
    start: float = field(default_factory=time.monotonic)

    def now(self) -> float:
        return time.monotonic() - self.start

    @contextmanager
    def step(self, label: str) -> Iterator[Step]:
        """Times the block; the caller sets the note."""
        step = Step(label, self.now())
        # Only in a terminal, where the final line overwrites it; in a file both would remain.
        if self.out.isatty():
            print(f"  {label} …", end="\r", file=self.out, flush=True)
        yield step
        # Not in a `finally`: a step that failed must not be shown like one that succeeded.
        step.seconds = self.now() - step.start
        self.show(step)

    def show(self, step: Step) -> None:
        self.steps.append(step)
        label = "  " * (step.depth + 1) + step.label
        print(f"{label:<34}{step.note:<46}{step.seconds:>7.1f} s", file=self.out, flush=True)

    def write(self, text: str = "") -> None:
        print(text, file=self.out, flush=True)
