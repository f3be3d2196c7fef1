"""The memory limit of a container, as cgroups report it."""

from pathlib import Path

import pytest

from runtime.memory import read_memory_limit


@pytest.mark.parametrize(
    ("content", "limit"),
    [("536870912\n", 2**29), ("max\n", None), ("9223372036854771712\n", None), (None, None)],
)
def test_the_limit_is_read_if_there_is_one(tmp_path: Path, content: str | None, limit: int | None) -> None:
    path = tmp_path / "memory.max"
    if content is not None:
        path.write_text(content)
    assert read_memory_limit((tmp_path / "missing", path)) == limit
