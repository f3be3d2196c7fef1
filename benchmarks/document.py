"""docs/reports/benchmarks.md: one section per measurement, written by the measurement."""

import os
import platform
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path

DOCUMENT = Path(__file__).parents[1] / "docs/reports/benchmarks.md"


def table(heads: Sequence[str], lines: Iterable[Sequence[str]]) -> str:
    """In Markdown; columns of numbers are what most of them are, so all but the first and last lean right."""
    rule = ["---", *["---:"] * (len(heads) - 2), "---"]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in (heads, rule, *lines))


def circumstances(*versions: str) -> str:
    """When, on what, with what."""
    load = " ".join(f"{value:.1f}" for value in os.getloadavg())
    now = datetime.now(UTC)
    machine = f"{os.cpu_count()} cores ({platform.machine()}), load before {load}"
    return f"{now:%Y-%m-%d %H:%M} UTC, {machine}, Python {', '.join([platform.python_version(), *versions])}."


def write(title: str, body: str, document: Path = DOCUMENT, preface: str = "# Benchmarks\n") -> None:
    """Put `body` under the heading `title`, replacing its previous content."""
    text = document.read_text(encoding="utf-8") if document.exists() else preface
    before, heading, rest = text.partition(f"\n## {title}\n")
    after = rest.partition("\n## ")
    tail = f"\n## {after[2]}" if after[1] else ""
    head = before if heading else text.rstrip("\n") + "\n"
    document.write_text(f"{head}\n## {title}\n\n{body.strip()}\n{tail}", encoding="utf-8")
