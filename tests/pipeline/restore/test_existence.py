"""A moment before the warehouse existed cannot be restored, and the error names the remedy."""

from datetime import UTC, datetime, timedelta

import pytest

from pipeline.restore.errors import TableReplaced
from pipeline.restore.runner import check_existence
from pipeline.restore.warehouse import Table

CREATED = datetime(2026, 1, 31, 9, 30, tzinfo=UTC)
CHECKPOINTS = Table("ods.checkpoints", ("table_name",), CREATED, CREATED, "written_at", "TIMESTAMP", None)


def test_a_moment_before_the_first_run_is_refused():
    with pytest.raises(
        TableReplaced, match=r"ods\.checkpoints did not exist at 2026-01-31 09:29:59 UTC.*break-glass"
    ):
        check_existence([CHECKPOINTS], CREATED - timedelta(seconds=1))


def test_a_later_moment_is_accepted():
    check_existence([CHECKPOINTS], CREATED)
