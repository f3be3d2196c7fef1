import pytest

from sheets_sync import exports
from sheets_sync.errors import ExportError
from sheets_sync.exports import Order


def test_what_is_declared_is_valid():
    assert exports.declared() == ["daily_sales"]
    loaded = exports.load("daily_sales")
    assert loaded.table == "daily_sales"
    assert loaded.key == ("day",)
    assert loaded.names == ["day", "baskets", "units", "revenue", "discount_amount"]


def test_an_unknown_export_is_answered_with_the_known_ones():
    with pytest.raises(ExportError, match="There is no export 'weekly'. Declared are: daily_sales."):
        exports.load("weekly")


def test_a_name_is_no_path():
    with pytest.raises(ExportError, match="There is no export"):
        exports.load("../exports/daily_sales")


def test_a_file_that_is_no_yaml_is_named(tmp_path):
    (tmp_path / "broken.yaml").write_text("table: [")
    with pytest.raises(ExportError, match="broken.yaml is not YAML"):
        exports.load("broken", tmp_path)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"tabel": "x"}, "unknown \\['tabel'\\], missing \\[\\]"),
        ({"mode": "upsert"}, "mode is 'upsert', it must be one of mirror"),
        ({"table": "daily sales"}, "table has 'daily sales'"),
        ({"tab": ""}, "tab is ''"),
        ({"tab": "x" * 101}, "1 to 100 characters"),
        ({"key": "day"}, "key is 'day', it must be a list"),
        ({"key": ["id"]}, "key is \\['id'\\], it must name columns of: day, baskets, revenue, note"),
        ({"key": []}, "key is \\[\\]"),
        ({"order": ["day downwards"]}, "order 'day downwards'"),
        ({"order": ["x"]}, "order is \\['x'\\]"),
        ({"columns": ["day"]}, "columns is \\['day'\\], it must be a mapping"),
        ({"columns": {"day": {"header": "Day", "width": 3}}}, "columns.day is"),
        ({"columns": {"day": {"header": "X"}, "b": {"header": "X"}}}, "headers \\['X', 'X'\\] must differ"),
    ],
)
def test_what_is_wrong_is_said(declared, change, said):
    with pytest.raises(ExportError, match=said):
        exports.read("daily_sales", "daily_sales.yaml", declared | change)


def test_what_is_missing_is_said(declared):
    del declared["key"]
    with pytest.raises(ExportError, match="missing \\['key'\\]"):
        exports.read("daily_sales", "daily_sales.yaml", declared)


def test_order_may_go_down(declared):
    read = exports.read("x", "x.yaml", declared | {"order": ["baskets desc", "day"]})
    assert read.order == (Order("baskets", descending=True), Order("day"))
