"""What a command found, as Markdown: for the summary of a CI run and for a comment on a pull request."""

import re
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from scripts.exits import write_file

BACKTICKS = re.compile(r"`+")


def add_summary(add_argument: Callable[..., object], what: str) -> None:
    """The option --summary of a command; `what` it appends."""
    add_argument(
        "--summary",
        type=Path,
        action="append",
        default=[],
        metavar="FILE",
        help=f"append the {what} as Markdown, for a CI's summary; several times for several files",
    )


def format_summary(title: str, lines: Sequence[str], result: str) -> str:
    """The result first, as a long text may be cut. A block of code: names and errors contain Markdown's signs."""
    text = "\n".join([result, *lines])
    # A longer fence than any in the text, which a description of a resource could otherwise end.
    longest = max((len(run) for run in BACKTICKS.findall(text)), default=0)
    fence = "`" * max(3, longest + 1)
    return "\n".join([f"## {title}", "", fence, result, "", *lines, fence, "", ""])


def append_summary(paths: Iterable[Path], text: str) -> None:
    for path in paths:
        write_file(path, text, append=True)
