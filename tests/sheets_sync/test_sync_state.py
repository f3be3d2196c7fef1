from hypothesis import given
from hypothesis import strategies as st

from sheets_sync.destinations.sheets.current.sync_state import (
    MAX_SUPERSEDED,
    SyncState,
    cells_digest,
    key_digest,
    plan_state_write,
)

COLUMNS = ("day", "revenue")
KEYS = st.text(max_size=3)
CELLS = st.lists(
    st.one_of(st.none(), st.booleans(), st.integers(), st.text(max_size=2)), min_size=2, max_size=2
)
STATES = st.lists(st.dictionaries(KEYS, CELLS, max_size=5), min_size=1, max_size=6)


def entries(state):
    return {key_digest(key): cells_digest(cells) for key, cells in state.items()}


def remaining(tab, writing):
    """The tab's column after a writing."""
    return [*tab[: writing.start], *writing.cells]


def remembered(tab):
    return SyncState.parse([[cell] for cell in tab])


@given(STATES)
def test_what_is_written_is_what_is_read_however_it_came_about(states):
    tab, memory = list[str](), None
    for state in states:
        writing = plan_state_write(memory, ("day",), COLUMNS, entries(state))
        if memory and dict(memory.entries) == entries(state):
            assert writing is None
            continue
        tab = remaining(tab, writing)
        memory = remembered(tab)
        assert memory.entries == entries(state)
        assert (memory.key, memory.columns, memory.cells) == (("day",), COLUMNS, len(tab))


def test_a_changed_row_is_appended_and_costs_no_more_than_itself():
    state = {str(number): [number, 1] for number in range(1000)}
    tab = remaining([], plan_state_write(None, ("day",), COLUMNS, entries(state)))
    writing = plan_state_write(remembered(tab), ("day",), COLUMNS, entries(state | {"7": [7, 2]}))
    assert writing is not None
    assert writing.start == len(tab)
    assert len("".join(writing.cells)) == 1 + 8 + 2 * 4


def test_a_log_that_is_mostly_superseded_is_written_anew():
    tab, memory = list[str](), None
    for number in range(MAX_SUPERSEDED + 4):
        writing = plan_state_write(memory, ("day",), COLUMNS, entries({"a": [number, 0]}))
        tab = remaining(tab, writing)
        memory = remembered(tab)
    assert len(tab) < 5
    assert memory is not None
    assert memory.entries == entries({"a": [MAX_SUPERSEDED + 3, 0]})


def test_what_people_changed_is_not_believed():
    tab = remaining([], plan_state_write(None, ("day",), COLUMNS, entries({"a": [1, 2]})))
    for broken in ([], ["x"], [tab[0], "m***"], [tab[0], tab[1][:-4]], ["{}"], [None, None]):
        assert remembered(broken) is None


def test_a_cell_holds_every_chunk():
    state = {str(number): [number, number] for number in range(30_000)}
    writing = plan_state_write(None, ("day",), COLUMNS, entries(state))
    assert writing is not None
    assert max(map(len, writing.cells)) <= 50_000
    assert all(cell[0] in "m{" for cell in writing.cells)
    assert len(remembered(writing.cells).entries) == 30_000
