"""A load that is taken out of raw: the next run computes what the other files give, and a replay brings it back."""

import pytest

from pipeline.restore.errors import NotLoaded
from pipeline.restore.files import paths, withdraw_files
from pipeline.restore.unload import find_load, statements, text
from pipeline.restore.warehouse import Warehouse
from tests.fakes.memory_store import MemoryStore
from tests.pipeline.restore.shop import FIRST, SECOND

pytestmark = pytest.mark.timeout(900)  # each run of the warehouse takes seconds

NAMES = [name for _, name, _ in SECOND]


def log(shop, files, state="archived"):
    """As the connector writes it after a load."""
    for table, name, rows in files:
        shop.warehouse.query(
            "insert into ops.file_log (run_id, source, endpoint, file_name, state, `rows`, bytes, logged_at) values "
            f"('{table}-run', 'retail', '{table}', '{name}', '{state}', {len(rows)}, 1, current_timestamp())"
        )


def states(shop):
    rows = shop.warehouse.query("select file_name, state from ops.file_log order by logged_at")
    return {row["file_name"]: row["state"] for row in rows}


@pytest.fixture(scope="module")
def loaded(shop):
    """The shop after two loads, and what the first gave by itself."""
    shop.run(FIRST)
    log(shop, FIRST)
    first = shop.state(exact=False)
    shop.run(SECOND)
    log(shop, SECOND)
    return shop, first, shop.state(exact=False)


def test_a_load_is_withdrawn_and_replayed(loaded):
    shop, first, both = loaded
    between = shop.now()
    warehouse = Warehouse(shop.warehouse.client)
    load = find_load(warehouse, None, NAMES)
    assert {table: count for table, count in load.rows.items() if count} == {
        table: sum(len(rows) for name, _, rows in SECOND if f"raw.{name}" == table)
        for table in ("raw.customers", "raw.products", "raw.sales")
    }
    shop.restore(load.moment, list(statements(load, "a supplier's typing error: it's \\ wrong")))
    for table in load.rows:
        assert not [row for row in shop.warehouse.rows(table) if row["SYS_FILE_NAME"] in NAMES]
    assert {states(shop)[name] for name in NAMES} == {"withdrawn"}
    shop.run()
    assert shop.state(exact=False) == first
    shop.restore(between)  # a moment at which the load was in the tables
    shop.run()
    assert shop.state(exact=False) == first

    shop.load(SECOND)  # as a replay loads and logs them
    log(shop, SECOND)
    shop.run()
    assert shop.state(exact=False) == both


def test_what_is_not_loaded_is_refused(loaded):
    warehouse = Warehouse(loaded[0].warehouse.client)
    log(loaded[0], [("sales", "sales_20260101_0900_failed.json", [])], "failed")
    for run, names in (
        ("no-such-run", []),
        (None, ["sales_20260101_0900_x.json"]),
        (None, [NAMES[0], "sales_20260101_0900_x.json"]),
        (None, ["sales_20260101_0900_failed.json"]),
    ):
        with pytest.raises(NotLoaded, match="no such load is in raw; nothing was changed"):
            find_load(warehouse, run, names)


def test_files_move_to_failed_with_the_reason_once():
    name = "sales_20260131_0930_019b0002-0000-7001-8000-000000000001.json"
    store = MemoryStore()
    file = {"source": "retail", "endpoint": "sales", "file_name": name}
    source, target = paths(file)
    assert source == f"retail/sales/archive/20260131/{name}"
    assert target == f"retail/sales/failed/2026/01/31/09h/{name}"
    store.create(source, b"{}\n", {"rows": "1"})
    assert [withdraw_files(store, [file], "bad prices") for _ in range(2)] == [1, 0]
    _, content, metadata = store.objects[target]
    assert (content, metadata) == (b"{}\n", {"rows": "1", "reason": "withdrawn: bad prices"})
    assert store.generation(source) == 0
    assert paths(file | {"source": None})[0] == f"sales/archive/20260131/{name}"


@pytest.mark.parametrize(
    ("value", "literal"), [(None, "null"), ("a'b", r"'a\'b'"), ("a\\b", r"'a\\b'"), ("a\nb", r"'a\nb'")]
)
def test_texts_are_literals(value, literal):
    assert text(value) == literal
