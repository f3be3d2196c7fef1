"""Declarations are read completely, or rejected with the file, the key and the allowed values."""

import copy

import pytest
import yaml

from connector import raw_schema
from connector.errors import DeclarationError
from connector.sources import registry
from runtime.errors import UsageError

DECLARED = yaml.safe_load((registry.SOURCES / "retail.yaml").read_text())


def changed(path, value):
    declared = copy.deepcopy(DECLARED)
    *folders, last = path.split(".")
    place = declared
    for name in folders:
        place = place[name]
    if value is None:
        place.pop(last)
    else:
        place[last] = value
    return declared


def test_the_retail_declaration_is_read():
    source = registry.read_source("retail")
    assert list(source.endpoints) == ["sales", "products", "customers"]
    declared = source.endpoint("sales").window
    assert declared is not None and declared.look_back == 500
    assert source.endpoint("products").window is None


@pytest.mark.parametrize(
    ("path", "value", "where", "message"),
    [
        ("kind", "soap", "retail.yaml", "invalid `kind` 'soap'; expected one of: files, mongodb"),
        ("url", "ftp://x", "retail.yaml", "https"),
        ("secret", None, "auth", "declare both `auth` and `secret`"),
        ("auth", {"cookie": "x"}, "auth", "Allowed here: header"),
        ("paging.limit", 0, "paging", "limit"),
        ("paging.items", None, "paging", "missing required field `items`"),
        ("auth", {"header": "X", "query": "key"}, "auth", "header and query exclude each other"),
        ("auth", {"token_url": "oauth"}, "auth", "a URL, or a path that begins with /"),
        ("auth", "key", "retail.yaml", "Expected `object`"),
        ("auth", {"token_url": "/token"}, "rotation", "`auth` needs `header` or `query`"),
        ("rotation", "monthly", "rotation", "Expected `object`"),
        ("rotation.path", "keys", "rotation", "path"),
        ("rotation.period", 90, "rotation", "unknown field `period`"),
        ("rotation.revoke.own", None, "rotation.revoke", "missing required field `own`"),
        ("paging.offset", "skip", "paging", "page and offset exclude each other"),
        ("paging.cursor", "after", "paging", "page and cursor exclude each other"),
        ("paging", {"offset": "skip", "items": "a"}, "paging", "missing required field `limit`"),
        ("paging", {"cursor": "after", "items": "a"}, "paging", "missing required field `next`"),
        ("paging", {"items": "a..b"}, "paging", "$.items"),
        (
            "paging",
            {"items": "$", "total_items": "total"},
            "paging",
            "cannot be at total, inside `items` at $",
        ),
        ("paging", {"items": "a", "next": "a.next"}, "paging", "`next` cannot be at a.next, inside `items`"),
        ("paging.end", 200, "paging", "Invalid enum value 200"),
        ("limits", {"per_second": 0}, "limits", "> 0"),
        ("limits", {"in_flight": 99}, "limits", "<= 16"),
        ("limits", {"a_minute": 60}, "limits", "unknown field `a_minute`"),
        ("endpoints.sales.paging", {"pages": 1}, "endpoints.sales.paging", "unknown field `pages`"),
        ("endpoints.sales.params", ["x"], "endpoints.sales", "params"),
        ("endpoints.sales.tabel", "sales", "endpoints.sales", "unknown field `tabel`"),
        ("endpoints.sales.path", "sales", "endpoints.sales", "path"),
        ("endpoints.sales.schedule", "weekly", "endpoints.sales", "Invalid enum value 'weekly'"),
        ("endpoints.sales.key", [], "endpoints.sales", "key"),
        ("endpoints.sales.window.lookback", 5, "endpoints.sales.window", "unknown field `lookback`"),
        ("endpoints.sales.window.from", None, "endpoints.sales.window", "missing required field `from`"),
        ("endpoints.products", "all of it", "endpoints.products", "Expected `object`, got `str`"),
        ("endpoints", [], "retail.yaml", "endpoints"),
    ],
)
def test_an_error_names_the_file_the_key_and_the_allowed_values(path, value, where, message):
    with pytest.raises(DeclarationError) as raised:
        registry.parse_source(changed(path, value), "retail.yaml")
    error = str(raised.value)
    assert error.startswith("retail.yaml")
    assert where in error and message in error


@pytest.mark.parametrize("text", ["kind: [", "just words", ""])
def test_a_file_that_is_not_a_mapping_is_rejected(tmp_path, text):
    (tmp_path / "broken.yaml").write_text(text)
    with pytest.raises(DeclarationError, match="broken.yaml"):
        registry.read_source("broken", tmp_path)


def test_an_unknown_name_is_reported_with_the_declared_ones():
    with pytest.raises(UsageError, match="unknown source 'shop'; declared: retail"):
        registry.read_source("shop")
    with pytest.raises(UsageError, match="unknown endpoint 'orders'; declared: sales, products, customers"):
        registry.read_source("retail").endpoint("orders")


def test_names_of_endpoints_and_tables_are_unique():
    """Folders of the bucket and tables of raw do not contain the source's name."""
    declared = [registry.read_source(path.stem) for path in registry.SOURCES.glob("*.yaml")]
    for names in (
        [name for source in declared for name in source.endpoints],
        [endpoint.table for source in declared for endpoint in source.endpoints.values()],
    ):
        assert len(names) == len(set(names))


def test_every_table_has_a_schema_whose_leaves_are_text():
    for endpoint in registry.read_source("retail").endpoints.values():
        columns = raw_schema.read_columns(endpoint.table)
        assert columns[-1]["name"] == "SYS_FILE_NAME"
        assert {leaf["type"] for leaf in leaves(columns)} == {"STRING"}
        assert all(column["description"] for column in columns)
        assert set(endpoint.key) <= {column["name"] for column in columns}


def leaves(columns):
    for column in columns:
        yield from leaves(column["fields"]) if "fields" in column else [column]


def test_a_table_without_a_valid_schema_is_rejected(tmp_path):
    with pytest.raises(DeclarationError, match="could not read the schema of raw.orders"):
        raw_schema.read_columns("orders", tmp_path)
    (tmp_path / "orders.json").write_text('[{"name": "id", "type": "STRING"}]')
    with pytest.raises(DeclarationError, match="SYS_DATE_CREATE and SYS_FILE_NAME"):
        raw_schema.read_columns("orders", tmp_path)
