import re
from pathlib import Path

import pytest
import yaml

from sheets_sync import exports
from sheets_sync.declaration import DEFAULTS, REQUIRED
from sheets_sync.errors import ExportError
from sheets_sync.exports import Order, Removed

FILE = {"kind": "file", "path": "sales/daily.csv"}


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
        ({"mode": "merge"}, "mode is 'merge', it must be one of mirror, upsert, update, insert, append"),
        ({"key": ["day", "day"]}, "key is \\['day', 'day'\\], each column once"),
        (
            {"removed": "hide"},
            "removed is 'hide', it must be delete, keep, {mark: <header>} or {move: <tab>}",
        ),
        ({"removed": {"mark": ""}}, "removed.mark is '', it must be a title"),
        ({"removed": {"mark": "a", "move": "b"}}, "it must be delete, keep"),
        ({"removed": {"mark": "Day"}}, "headers .* must differ"),
        ({"removed": {"move": "daily SALES"}}, "titles of different tabs, so they must differ"),
        ({"removed": "keep"}, "a mirror shows exactly the table: use mode upsert"),
        ({"mode": "append", "removed": "delete"}, "mode append leaves such rows: write keep"),
        ({"drift": "ask"}, "drift is 'ask', it must be one of overwrite, keep"),
        ({"shrink": 101}, "shrink is 101, it must be a whole number of percent, 0 to 100"),
        ({"shrink": "50%"}, "shrink is '50%'"),
        ({"shrink": True}, "shrink is True"),
        ({"protect": "all"}, "protect is 'all', it must be one of warning, owner, none"),
        ({"audit": "Daily sales"}, "titles of different tabs"),
        ({"audit": True}, "audit is True, it must be a title"),
        ({"destination": "sheets"}, "destination is 'sheets', it must be a mapping"),
        ({"table": "ods.customers"}, "table has 'ods.customers', it must be a name in snake_case"),
        ({"table": "raw.x;y"}, "table has 'x;y'"),
        ({"copied": "whole"}, "daily_sales is a mart, whose columns have their types"),
        ({"columns": {"day": {"header": "Day", "type": "DATE"}}, "order": []}, "daily_sales is a mart"),
        ({"table": "raw.days", "copied": "daily"}, "copied is 'daily', it must be one of whole, incremental"),
        (
            {"columns": {"day": {"header": "Day", "type": "MONEY"}}, "order": []},
            "columns.day.type is 'MONEY'",
        ),
        ({"destination": {"kind": "ftp"}}, "destination.kind is 'ftp', it must be one of sheets, http, file"),
        ({"destination": {"tab": "x"}}, "destination.kind is None"),
        ({"destination": {"kind": "sheets", "path": "x"}}, "a sheet has kind alone"),
        ({"destination": FILE, "mode": "upsert"}, "mode is upsert, a destination of kind file knows: mirror"),
        ({"destination": FILE, "removed": {"mark": "Gone"}}, "removed is mark, only a sheet can do so"),
        ({"destination": {"kind": "file", "path": "a.txt"}}, "ending with .csv or .parquet"),
        ({"destination": {"kind": "http"}}, "destination: .*missing required field `path`"),
        ({"destination": {"kind": "http", "path": "/x"}}, "destination.delete does not say how"),
        ({"tab": None}, "tab is None, it must be a title"),
        ({"columns": {"day": {"header": " "}}}, "columns.day is"),
        ({"order": [""]}, "order '' must be a column"),
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


def test_what_is_not_said_is_usual(declared):
    read = exports.read("x", "x.yaml", {key: item for key, item in declared.items() if key != "shrink"})
    assert (read.removed, read.drift, read.shrink) == (Removed("delete"), "overwrite", 50)
    assert (read.protect, read.audit, read.destination) == ("warning", "Sync log", {"kind": "sheets"})
    assert exports.read("x", "x.yaml", declared | {"mode": "upsert"}).removed == Removed("keep")
    assert exports.read("x", "x.yaml", declared | {"audit": False}).audit is None


def test_the_reference_has_a_table_of_all_keys():
    reference = (Path(__file__).parents[2] / "docs/reference/export-declaration.md").read_text()
    rows = reference.split("| key of an export |")[1].split("\n\n")[0]
    assert set(re.findall(r"^\| `([a-z]+)`", rows, re.MULTILINE)) == REQUIRED | set(DEFAULTS)


def test_the_example_of_the_guide_is_valid():
    guide = (Path(__file__).parents[2] / "docs/guides/declaring-an-export.md").read_text()
    content = yaml.safe_load(guide.split("```yaml\n")[1].split("```")[0])
    read = exports.read("top_customers", "top_customers.yaml", content)
    assert (read.key, read.removed) == (("customer_id", "month"), Removed("mark", "Gone since"))
