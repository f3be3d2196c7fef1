"""Text of comments, issues and pull requests: a hidden marker first, and no more than GitHub stores."""

import re
from collections.abc import Sequence

# "Body is too long (maximum is 65536 characters)", status 422
LIMIT = 65_536
FENCE = re.compile(r"(`{3,})\s*")


def marker(subject: str) -> str:
    """Invisible in a rendered text. Only at its beginning: a plan can contain the same characters."""
    return f"<!-- data-platform: {subject} -->"


def has_marker(body: str | None, subject: str) -> bool:
    return (body or "").startswith(marker(subject))


def compose(subject: str, head: str, sections: Sequence[str], whole: str) -> str:
    """Marker, head and sections, at most LIMIT characters.

    Each section that has to be cut ends with a sentence; `whole` is the address of all of it.
    """
    start = f"{marker(subject)}\n{head}\n"
    available = LIMIT - length(start) - 2 * len(sections)
    cut = [
        cut_section(section, part, whole)
        for section, part in zip(sections, share(sections, available), strict=True)
    ]
    return "\n\n".join([start.rstrip("\n"), *(section.strip("\n") for section in cut)])


def share(sections: Sequence[str], available: int) -> list[int]:
    """Characters for each: a short one is whole, long ones have the same part of the rest."""
    parts = [0] * len(sections)
    order = sorted(range(len(sections)), key=lambda index: length(sections[index]))
    for done, index in enumerate(order):
        parts[index] = min(length(sections[index]), available // (len(sections) - done))
        available -= parts[index]
    return parts


def cut_section(section: str, limit: int, whole: str) -> str:
    """Its first lines, with an open block of code closed, and how many lines are missing."""
    if length(section) <= limit:
        return section
    lines = section.rstrip("\n").split("\n")
    # The longest that the sentence can become.
    limit -= length(missing(len(lines), len(lines), whole))
    first_lines: list[str] = []
    fence = ""
    for line in lines:
        after = fence_after(line, fence)
        limit -= length(line) + 1
        if limit < length(after) + 1:  # room for the end of its block
            break
        first_lines, fence = [*first_lines, line], after
    return "\n".join(
        [*first_lines, *([fence] if fence else []), missing(len(lines) - len(first_lines), len(lines), whole)]
    )


def missing(count: int, total: int, whole: str) -> str:
    return f"\n**{count} of {total} lines are missing here**, because GitHub stores {LIMIT} characters; all: {whole}"


def fence_after(line: str, fence: str) -> str:
    """The fence of the block of code that is open after this line; "" outside of one."""
    match = FENCE.fullmatch(line)
    if not match or (fence and len(match[1]) < len(fence)):
        return fence
    return "" if fence else match[1]


def length(text: str) -> int:
    """In UTF-16 units, which are at least as many as characters, whichever of them GitHub counts."""
    return len(text.encode("utf-16-le")) // 2
