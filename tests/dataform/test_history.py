"""Type-2 history of the lists: its rows follow from the files, whatever the order in which they are loaded."""

import itertools

import pytest

from tests.dataform.engines.runner import Runner
from tests.dataform.engines.warehouse import connect
from tests.dataform.retail import file, product

LISTS = {
    2: [product("a", 1.0), product("b", 2.0), product("e", 1.0, "Caf\u00e9")],
    3: [
        product("a", "1.00"),
        product("c", 3.0),
        product("e", 1.0, "Cafe\u0301 "),
    ],  # b left; a and e only look new
    4: [product("a", 1.5), product("b", 2.0), product("c", "free"), product("e", 1.0, "Caf\u00e9")],
    5: [product("a", 1.5), product("b", 2.5), product("c", 3.0), product("e", 1.0, "Caf\u00e9")],
}
# key, price, is_listed, change, first and next list
EXPECTED = [
    ("a", "1", True, "new", 2, 4),
    ("a", "1.5", True, "changed", 4, None),
    ("b", "2", True, "new", 2, 3),
    ("b", "2", False, "removed", 3, 4),
    ("b", "2", True, "returned", 4, 5),
    ("b", "2.5", True, "changed", 5, None),
    ("c", "3", True, "new", 3, None),  # its row in list 4 is rejected: it is listed, as before
    ("e", "1", True, "new", 2, None),
]


@pytest.fixture
def products(sandbox, graph, request):
    return Products(Runner(connect(sandbox.address, f"history{abs(hash(request.node.name)):x}"), graph))


class Products:
    def __init__(self, runner):
        self.warehouse, self.runner = runner.warehouse, runner
        tables = ("checkpoints", "file_reads", "products_rejects", "products_changes", "products")
        self.actions = [each for each in runner.actions if each.name in {f"ods.{table}" for table in tables}]
        self.views = [each for each in runner.actions if each.name == "ods.products_history"]

    def load(self, *numbers, page=1):
        for number in numbers:
            self.warehouse.load("products", {file("products", number, page): LISTS[number]})

    def run(self, full_refresh=False):
        for action in [*self.actions, *self.views]:
            self.runner.run_action(action, full_refresh)

    def history(self):
        columns = (
            "product_sku, cast(unit_amount as string), is_listed, change, "
            "extract(day from valid_from), extract(day from valid_until), valid_from"
        )
        rows = [tuple(row.values()) for row in self.warehouse.rows("ods.products_history", columns)]
        return [row[:6] for row in sorted(rows, key=lambda row: (row[0], row[6]))]


def test_states_and_their_beginnings_and_ends(products):
    products.load(2, 3, 4, 5)
    products.run()
    assert products.history() == EXPECTED
    products.run()
    assert products.history() == EXPECTED
    products.run(full_refresh=True)
    assert products.history() == EXPECTED


@pytest.mark.parametrize("order", [(2, 3, 4, 5), (5, 4, 3, 2), (4, 2, 5, 3)])
def test_the_order_of_the_lists_does_not_matter(products, order):
    for number in order:
        products.load(number)
        products.run()
    assert products.history() == EXPECTED


def test_a_list_that_expired_in_raw_keeps_its_rows(products):
    products.load(2, 3, 4)
    products.run()
    products.warehouse.query(f"delete from `{products.warehouse.project}.raw.products` where true")
    products.load(5)
    products.run()
    assert products.history() == EXPECTED
    products.run(full_refresh=True)
    assert products.history() == EXPECTED
    products.load(2)  # a replay, long after: later lists are gone, so it changes nothing
    products.run()
    assert products.history() == EXPECTED


def test_a_list_whose_rows_were_deleted_leaves_the_history(products):
    """It did not expire: raw has the rows of a list that was loaded before it."""
    products.load(2, 3, 4)
    raw = f"`{products.warehouse.project}.raw.products`"
    loaded = "parse_timestamp('%Y%m%d_%H%M', regexp_extract(SYS_FILE_NAME, r'_([0-9]{8}_[0-9]{4})_'))"
    products.warehouse.query(f"update {raw} set SYS_DATE_CREATE = {loaded} where true")
    products.run()
    assert len(products.history()) > 4
    products.warehouse.query(f"delete from {raw} where SYS_FILE_NAME != '{file('products', 2)}'")
    products.run(full_refresh=True)
    assert products.history() == [
        (*row, "new", 2, None) for row in (("a", "1", True), ("b", "2", True), ("e", "1", True))
    ]


def test_an_incomplete_list_removes_no_key(products):
    products.load(2)
    products.run()
    products.load(3)
    project, name = products.warehouse.project, file("products", 3)
    columns = "run_id, endpoint, file_name, state, `rows`, bytes, logged_at"
    products.warehouse.query(
        f"insert into `{project}.ops.file_log` ({columns}) values "
        f"('r', 'products', '{name}', 'archived', 1, 1, current_timestamp()), "
        f"('r', 'products', '{file('products', 3, 2)}', 'failed', 1, 1, current_timestamp())"
    )
    products.run()
    assert [row[0] for row in products.history()] == ["a", "b", "c", "e"]
    assert all(row[3] == "new" for row in itertools.islice(products.history(), 4))


def test_of_a_key_that_a_list_has_twice_the_history_has_the_row_of_the_table(products):
    """As numbers: 10 is greater than 9."""
    twice = [product("d", 10.0), product("d", 9.0), product("f", None), product("f", 1.0), product("F", 2.0)]
    products.warehouse.load("products", {file("products", 2): twice})
    products.run()
    stored = products.warehouse.rows("ods.products", "product_sku, cast(unit_amount as string) as price")
    assert [tuple(row.values()) for row in stored] == [("F", "2"), ("d", "10"), ("f", "1")]
    assert [row[:2] for row in products.history()] == [("F", "2"), ("d", "10"), ("f", "1")]
