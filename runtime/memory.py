"""Memory that the container may use."""

from pathlib import Path

# cgroup v2, then v1: https://docs.kernel.org/admin-guide/cgroup-v2.html#memory-interface-files
LIMIT_FILES = (
    Path("/sys/fs/cgroup/memory.max"),
    Path("/sys/fs/cgroup/memory/memory.limit_in_bytes"),
)
UNLIMITED = 2**60  # v1 reports a number near 2**63 without a limit, v2 the word max


def read_memory_limit(files: tuple[Path, ...] = LIMIT_FILES) -> int | None:
    """Bytes; None without a limit, or if the machine does not report one."""
    for path in files:
        try:
            limit = int(path.read_text())
        except (OSError, ValueError):
            continue
        return limit if limit < UNLIMITED else None
    return None
