from hypothesis import given
from hypothesis import strategies as st

from sheets_sync.destinations.sheets.desired.cells import same_value
from sheets_sync.destinations.sheets.diff.blocks import Block, find_blocks

WIDTH = 3
CELLS = st.one_of(st.none(), st.integers(0, 2), st.booleans(), st.sampled_from(["", "a", "=1"]), st.just(0.5))
ROWS = st.lists(st.lists(CELLS, max_size=WIDTH + 2), max_size=6)


def cell(rows, row, column):
    return rows[row][column] if row < len(rows) and column < len(rows[row]) else None


def test_only_what_differs_is_written():
    now: list[list[str | int]] = [["Day", "Sales"], [1, 10], [2, 20], [3, 30]]
    desired: list[list[str | int]] = [["Day", "Sales"], [1, 10], [2, 21], [3, 31]]
    assert find_blocks(now, desired, 2) == [Block(2, 1, ((21,), (31,)))]


def test_cells_that_are_the_same_are_written_where_two_requests_would_be_longer():
    now, desired = [[1, 2, 3, 4, 5, 6]], [[0, 2, 3, 0, 5, 6]]
    assert find_blocks(now, desired, 6, gap=2) == [Block(0, 0, ((0, 2, 3, 0),))]
    assert len(find_blocks(now, desired, 6, gap=1)) == 2


def test_nothing_is_written_when_nothing_differs():
    assert find_blocks([["Day"], [1.0], [""]], [["Day"], [1]], 1) == []


def test_rows_that_are_gone_are_blanked():
    assert find_blocks([["Day"], [1], [2]], [["Day"], [1]], 1) == [Block(2, 0, ((None,),))]


def test_cells_right_of_the_synced_columns_are_ignored():
    assert find_blocks([["Day", "mine"], [1, "mine"]], [["Day"], [1]], 1) == []


@given(ROWS, ROWS)
def test_written_blocks_make_the_tab_what_it_should_be(now, desired):
    desired = [[None if value == "" else value for value in row[:WIDTH]] for row in desired]
    height = max(len(now), len(desired))
    grid = {(row, column): cell(now, row, column) for row in range(height) for column in range(WIDTH + 2)}
    for block in find_blocks(now, desired, WIDTH):
        for down, line in enumerate(block.cells):
            for right, value in enumerate(line):
                place = block.row + down, block.column + right
                assert place[1] < WIDTH
                assert not same_value(grid[place], value)  # nothing is written that is already there
                grid[place] = value
    for row in range(height):
        for column in range(WIDTH):
            assert same_value(grid[row, column], cell(desired, row, column))
        assert [grid[row, column] for column in (WIDTH, WIDTH + 1)] == [
            cell(now, row, column) for column in (WIDTH, WIDTH + 1)
        ]
