import re
from pathlib import Path

import pytest
import yaml

from sheets_sync import exports
from sheets_sync.errors import ExportError
from sheets_sync.export import Order, Removed, SheetsConfig
from sheets_sync.export_parser import parse_export
from sheets_sync.export_parts import ExportPart

FILE = {"kind": "file", "path": "sales/daily.csv"}


def test_what_is_declared_is_valid():
    assert exports.list_exports() == ["daily_sales", "last_night"]
    loaded = exports.load_export("daily_sales")
    assert loaded.table == "daily_sales"
    assert loaded.key == ("day",)
    assert loaded.names == ["day", "baskets", "units", "revenue", "discount_amount"]


def test_an_unknown_export_is_answered_with_the_known_ones():
    with pytest.raises(
        ExportError, match="There is no export 'weekly'. Declared are: daily_sales, last_night."
    ):
        exports.load_export("weekly")


def test_a_name_cannot_be_a_path():
    with pytest.raises(ExportError, match="There is no export"):
        exports.load_export("../exports/daily_sales")


def test_a_file_that_cannot_be_parsed_is_named(tmp_path):
    (tmp_path / "broken.yaml").write_text("table: [")
    with pytest.raises(ExportError, match="broken.yaml is not YAML"):
        exports.load_export("broken", tmp_path)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            {"tabel": "x"},
            "Object contains unknown field `tabel`. Allowed keys: audit, chart, columns, copied",
        ),
        ({"mode": "merge"}, "mode is 'merge', expected one of mirror, upsert, update, insert, append"),
        ({"key": ["day", "day"]}, "key is \\['day', 'day'\\], expected each column once"),
        (
            {"removed": "hide"},
            "removed is 'hide', expected delete, keep, {mark: <header>} or {move: <tab>}",
        ),
        ({"removed": {"mark": ""}}, "removed.mark is '', expected a title of 1 to 100 characters"),
        ({"removed": {"mark": "a", "move": "b"}}, "expected delete, keep"),
        ({"removed": {"mark": "Day"}}, "headers are .*, expected each header once"),
        ({"removed": {"move": "daily SALES"}}, "titles of tabs are .*, expected each title once"),
        ({"removed": "keep"}, "a mirror shows exactly the table: use mode upsert"),
        ({"mode": "append", "removed": "delete"}, "mode append leaves such rows: expected keep"),
        ({"drift": "ask"}, "drift is 'ask', expected one of overwrite, keep"),
        ({"shrink": 101}, "shrink is 101, expected a whole number of percent, 0 to 100"),
        ({"shrink": "50%"}, "shrink is '50%'"),
        ({"shrink": True}, "shrink is True"),
        ({"status": "cell"}, "status is 'cell', expected one of note, none"),
        ({"protect": "all"}, "protect is 'all', expected one of warning, owner, none"),
        ({"audit": "Daily sales"}, "titles of tabs are"),
        ({"audit": True}, "audit is True, expected a title"),
        ({"destination": "sheets"}, "destination is 'sheets', expected a mapping"),
        ({"table": "ods.customers"}, "table is 'ods.customers', expected a table in dmt, or raw.<table>"),
        ({"table": "raw.x;y"}, "table is 'raw.x;y'"),
        ({"copied": "whole"}, "table is daily_sales, a mart, whose columns have types"),
        (
            {"columns": {"day": {"header": "Day", "type": "DATE"}}, "order": []},
            "table is daily_sales, a mart",
        ),
        ({"table": "raw.days", "copied": "daily"}, "copied is 'daily', expected one of whole, incremental"),
        (
            {"columns": {"day": {"header": "Day", "type": "MONEY"}}, "order": []},
            "columns.day.type is 'MONEY', expected one of STRING, INT64",
        ),
        (
            {"destination": {"kind": "ftp"}},
            "destination is {'kind': 'ftp'}, expected a mapping with kind: one of sheets, http, file",
        ),
        ({"destination": {"tab": "x"}}, "destination is {'tab': 'x'}, expected a mapping with kind"),
        ({"destination": {"kind": "sheets", "path": "x"}}, "unknown field `path`. Allowed keys: kind"),
        (
            {"destination": FILE, "mode": "upsert"},
            "mode is upsert, a destination of kind file supports: mirror",
        ),
        ({"destination": FILE, "removed": {"mark": "Gone"}}, "removed is mark, which only a sheet supports"),
        ({"destination": {"kind": "file", "path": "a.txt"}}, "ending with .csv or .parquet"),
        ({"destination": {"kind": "http"}}, "destination: .*missing required field `path`"),
        (
            {"destination": {"kind": "http", "path": "/x"}},
            "destination.delete is missing: it states how rows",
        ),
        ({"tab": None}, "tab .* expected a title"),
        ({"columns": {"day": {"header": " "}}}, "columns.day.header is ' ', expected a text"),
        ({"order": [""]}, "order is '', expected a column, or a column and desc"),
        ({"table": "daily sales"}, "table is 'daily sales'"),
        ({"tab": ""}, "tab is ''"),
        ({"tab": "x" * 101}, "1 to 100 characters"),
        ({"key": "day"}, "key is 'day', expected a list"),
        ({"key": ["id"]}, "key is \\['id'\\], expected columns of: day, baskets, revenue, note"),
        ({"key": []}, "key is \\[\\]"),
        ({"order": ["day downwards"]}, "order is 'day downwards', expected a column, or a column and desc"),
        ({"order": ["x"]}, "order is \\['x'\\]"),
        ({"columns": ["day"]}, "columns is \\['day'\\], expected a mapping"),
        (
            {"columns": {"day": {"header": "Day", "width": 3}}},
            "columns.day: .*unknown field `width`. Allowed keys: format, header, type",
        ),
        (
            {"columns": {"day": {"header": "X"}, "b": {"header": "X"}}},
            "headers are \\['X', 'X'\\], expected each header once",
        ),
    ],
)
def test_an_invalid_value_is_named(declared, change, message):
    with pytest.raises(ExportError, match=message):
        parse_export("daily_sales", "daily_sales.yaml", declared | change)


def test_a_missing_key_is_named(declared):
    del declared["key"]
    with pytest.raises(
        ExportError, match="daily_sales.yaml: Object missing required field `key`. Allowed keys: "
    ):
        parse_export("daily_sales", "daily_sales.yaml", declared)


def test_order_may_go_down(declared):
    read = parse_export("x", "x.yaml", declared | {"order": ["baskets desc", "day"]})
    assert read.order == (Order("baskets", descending=True), Order("day"))


def test_defaults(declared):
    read = parse_export("x", "x.yaml", {key: item for key, item in declared.items() if key != "shrink"})
    assert (read.removed, read.drift, read.shrink) == (Removed("delete"), "overwrite", 50)
    assert (read.protect, read.audit, read.destination) == ("warning", "Sync log", SheetsConfig())
    assert parse_export("x", "x.yaml", declared | {"mode": "upsert"}).removed == Removed("keep")
    assert parse_export("x", "x.yaml", declared | {"audit": False}).audit is None


def test_the_reference_has_a_table_of_all_keys():
    reference = (Path(__file__).parents[2] / "docs/reference/export-declaration.md").read_text()
    rows = reference.split("| key of an export |")[1].split("\n\n")[0]
    assert set(re.findall(r"^\| `([a-z_]+)`", rows, re.MULTILINE)) == set(ExportPart.__struct_fields__)


def test_the_example_of_the_guide_is_valid():
    guide = (Path(__file__).parents[2] / "docs/guides/declaring-an-export.md").read_text()
    content = yaml.safe_load(guide.split("```yaml\n")[1].split("```")[0])
    read = parse_export("top_customers", "top_customers.yaml", content)
    assert (read.key, read.removed) == (("customer_id", "month"), Removed("mark", "Gone since"))
