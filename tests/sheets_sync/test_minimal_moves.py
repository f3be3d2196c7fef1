from hypothesis import given
from hypothesis import strategies as st

from sheets_sync.destinations.sheets.diff.minimal_moves import (
    Move,
    group_consecutive,
    longest_increasing,
    plan_moves,
)


def moved(rows, step):
    """What Sheets does: [start, end) goes before `to`, count_rows before anything moves."""
    assert not step.start < step.target < step.end
    block = rows[step.start : step.end]
    rest = rows[: step.start] + rows[step.end :]
    at = step.target if step.target <= step.start else step.target - len(block)
    return rest[:at] + block + rest[at:]


@given(st.permutations(range(9)))
def test_moves_put_rows_in_order_and_keep_the_longest_increasing_subsequence(now):
    steps = plan_moves(now, limit=9)
    assert steps is not None
    rows = list(now)
    for step in steps:
        rows = moved(rows, step)
    assert rows == sorted(now)
    assert sum(int(step.end - step.start) for step in steps) == len(now) - len(longest_increasing(now))


def test_rows_that_move_together_are_one_move():
    assert plan_moves([3, 4, 5, 0, 1, 2, 6], limit=9) == [Move(0, 3, 6)]


def test_one_row_that_climbs_is_one_move():
    assert plan_moves([1, 2, 3, 4, 0], limit=1) == [Move(4, 5, 0)]


def test_too_many_moves_are_not_planned():
    assert plan_moves([4, 3, 2, 1, 0], limit=3) is None


def test_runs_are_numbers_that_follow_each_other():
    assert group_consecutive([1, 2, 3, 7, 9, 10]) == [(1, 4), (7, 8), (9, 11)]
    assert group_consecutive([]) == []
