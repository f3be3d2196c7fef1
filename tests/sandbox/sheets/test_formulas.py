import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox.sheets.book import Book, blank_tab
from sandbox.sheets.cells import Cell, Failure, Formula
from sandbox.sheets.edits import Delete, Insert, Move
from sandbox.sheets.formulas import value_at
from sandbox.sheets.ranges import Area, address, column_index, column_letters, parse
from sandbox.sheets.references import carried, followed


@pytest.fixture
def book():
    """Tab Data: A1:A4 = 1, 2, "x", blank; tab "It's": A1 = 10."""
    data, other = blank_tab(0, "Data"), blank_tab(1, "It's")
    values: list[int | str] = [1, 2, "x"]
    for row, value in enumerate(values):
        data.put(row, 0, Cell(value))
    other.put(0, 0, Cell(10))
    return Book("b", {}, [data, other])


@pytest.mark.parametrize(
    ("formula", "value"),
    [
        ("=1+2*3", 7),
        ("=(1+2)*3", 9),
        ("=-2^2", 4),  # as in every spreadsheet, the sign binds first
        ("=10%", 0.1),
        ("=A1+A2", 3),
        ("=A4", 0),
        ("=SUM(A1:A4)", 3),
        ("=sum(A:A)", 3),
        ("='It''s'!A1/4", 2.5),
        ("=Data!$A$2", 2),
        ('="A1"&A1&TRUE', "A11TRUE"),
        ("=A1<A2", True),
        ("=A1>=A2", False),
        ("=AVERAGE(A1:A2)", Failure("#NAME?")),
        ('=A3="x"', True),
        ("=1/0", Failure("#DIV/0!")),
        ("=A3*2", Failure("#VALUE!")),
        ("=VLOOKUP(1,A:A,1)", Failure("#NAME?")),
        ("=nothing", Failure("#NAME?")),
        ("=Gone!A1", Failure("#REF!")),
        ("=#REF!+1", Failure("#REF!")),
        ("=1+", Failure("#ERROR!")),
        ("=(1", Failure("#ERROR!")),
        ("=1 2", Failure("#ERROR!")),
        ("=(-1)^0.5", Failure("#NUM!")),
        ("=B1", Failure("#REF!")),  # itself
    ],
)
def test_a_formula_has_a_value(book, formula, value):
    tab = book.tabs[0]
    tab.put(0, 1, Cell(Formula(formula)))
    assert value_at(book, tab, 0, 1) == value


def test_a_failure_goes_through_what_refers_to_it(book):
    tab = book.tabs[0]
    tab.put(0, 1, Cell(Formula("=1/0")))
    tab.put(0, 2, Cell(Formula("=SUM(A1:B1)")))
    assert value_at(book, tab, 0, 2) == Failure("#DIV/0!")


@pytest.mark.parametrize(
    ("formula", "edit", "after"),
    [
        ("=A3", Insert(1, 2), "=A5"),
        ("=A1", Insert(1, 2), "=A1"),
        ("=SUM(A1:A3)", Insert(1, 1), "=SUM(A1:A4)"),
        ("=SUM($A$1:A3)", Insert(3, 1), "=SUM($A$1:A3)"),
        ("=SUM(A1:A3)", Delete(1, 2), "=SUM(A1:A2)"),
        ("=SUM(A2:A3)", Delete(1, 3), "=SUM(#REF!)"),
        ("=A2+B9", Delete(1, 2), "=#REF!+B8"),
        ('="A3"&A3', Insert(0, 1), '="A3"&A4'),
        ("=SUM(A:A)", Insert(0, 1), "=SUM(A:A)"),
        ("=Other!A3", Insert(0, 1), "=Other!A3"),
        ("=LOG10(A2)", Insert(0, 1), "=LOG10(A3)"),
        ("=A1", Move(0, 1, 3), "=A3"),
        ("=A3", Move(0, 1, 3), "=A2"),
    ],
)
def test_a_formula_follows_rows(formula, edit, after):
    assert followed(formula, lambda title: title is None, "ROWS", edit) == after


@pytest.mark.parametrize(
    ("formula", "offset", "after"),
    [
        ("=A1+$A1+A$1+$A$1", (1, 1), "=B2+$A2+B$1+$A$1"),
        ("=SUM(A1:B2)", (2, 0), "=SUM(A3:B4)"),
        ("=A1", (-1, 0), "=#REF!"),
        ("='It''s'!B2", (0, -1), "='It''s'!A2"),
    ],
)
def test_a_copied_formula_takes_its_references_along(formula, offset, after):
    assert carried(formula, *offset) == after


@given(st.integers(0, 5000), st.integers(0, 18_277))
def test_every_address_goes_to_a1_and_back(row, column):
    assert column_index(column_letters(column)) == column
    assert parse(address(row, column)) == Area(row, column, row + 1, column + 1)


INDICES = st.integers(0, 12)


@given(st.lists(st.integers(0, 99), min_size=1, max_size=12), INDICES, INDICES, INDICES)
def test_a_move_is_what_a_list_would_do(items, start, end, to):
    start, end, to = start % len(items), end % len(items) + 1, to % (len(items) + 1)
    if start >= end or start < to < end:
        return
    moved = items[:start] + items[end:]
    place = to if to <= start else to - (end - start)
    expected_items = moved[:place] + items[start:end] + moved[place:]
    edit = Move(start, end, to)
    result = [None] * len(items)
    for index, item in enumerate(items):
        result[edit.index(index)] = item
    assert result == expected_items


@given(INDICES, st.integers(1, 5), INDICES, st.integers(1, 5))
def test_what_is_inserted_and_deleted_again_leaves_spans_as_they_were(at, count, start, length):
    inserted = Insert(at, count).span(start, start + length)
    assert Delete(at, at + count).span(*inserted) == (start, start + length)
