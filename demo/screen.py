"""Progress: one line a step, with what came of it and the seconds it took."""

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TextIO


@dataclass
class Line:
    """A step: `note` says what came of it, `began` and `seconds` are on the demo's own watch."""

    label: str
    began: float
    note: str = ""
    seconds: float = 0.0
    depth: int = 0
    is_run: bool = False  # a pipeline run: its steps are lines of their own


@dataclass
class Screen:
    out: TextIO = sys.stdout
    lines: list[Line] = field(default_factory=list)
    start: float = field(default_factory=time.monotonic)

    def now(self) -> float:
        return time.monotonic() - self.start

    @contextmanager
    def step(self, label: str) -> Iterator[Line]:
        line = Line(label, self.now())
        if self.out.isatty():
            print(f"  {label} …", end="\r", file=self.out, flush=True)
        yield line
        line.seconds = self.now() - line.began
        self.show(line)

    def show(self, line: Line) -> None:
        self.lines.append(line)
        label = "  " * (line.depth + 1) + line.label
        print(f"{label:<34}{line.note:<46}{line.seconds:>7.1f} s", file=self.out, flush=True)

    def say(self, text: str = "") -> None:
        print(text, file=self.out, flush=True)
