"""The end of a window while a transaction of the source stays open."""

from types import SimpleNamespace
from typing import Any, cast

import pytest

from connector.sources.database.config import TableWindow
from connector.sources.database.database import Bound, Field
from connector.sources.database.freeze import WindowFreezer
from connector.sources.window import IdRange

SECOND = 1_000_000


@pytest.mark.parametrize(
    ("bound", "covered"),
    [
        (9 * SECOND, 9 * SECOND),
        (8 * SECOND + 1, 8 * SECOND + 1),
        (8 * SECOND, 8 * SECOND),
        (7 * SECOND, 8 * SECOND),  # it began before the earlier window ended
        (1, 8 * SECOND),  # the clock of the server was set back
    ],
)
def test_a_window_never_covers_less_than_the_one_before(bound: int, covered: int) -> None:
    session = SimpleNamespace(read_bound=lambda: Bound(bound))
    query = SimpleNamespace(field=Field("at", "at", "timestamp(6)", False, "at", "at", "at", "moment"))
    freezer = WindowFreezer(TableWindow(field="at", look_back="0s"), sleep=lambda seconds: None)
    frozen = freezer.freeze(
        cast(Any, session), cast(Any, query), IdRange(start=8 * SECOND, until=20 * SECOND)
    )
    assert frozen is not None and frozen.start is not None
    assert frozen.covered == covered
    # Rows are read from at most the end of the window before, so none between is left out.
    assert frozen.start <= 8 * SECOND and frozen.start <= frozen.until
