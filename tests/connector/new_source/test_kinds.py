"""`python -m connector new` for kinds without a catalogue: from the first rows to rows in ods."""

import codecs
import re
import shutil
from decimal import Decimal
from typing import Any

import google.oauth2.credentials
import pytest

from connector.__main__ import create_parser
from connector.declaration_check import check_all
from connector.errors import DeclarationError, RequestRejected, SourceUnavailable
from connector.new_source import command
from connector.new_source.arguments import parse_request
from connector.new_source.file_format import detect_csv
from connector.new_source.tables import column_of
from connector.raw_schema import RESERVED_PREFIXES, check_name
from connector.sources import registry
from runtime.errors import SettingsError, UsageError
from tests.demo.companies.system import System, lay_out_company

COLUMN_TYPE = re.compile(r"^      (\w+): (types\..+?),(?:  // decide: (.*))?$", re.MULTILINE)
API = "paging={offset: offset, limit: 10, size: limit}"
TABLES = ("orders", "stock", "events", "visits", "prices", "things", "targets")


def create(root, name, kind, url, *arguments, environ=None, credentials=None):
    parsed = create_parser().parse_args(["new", name, "--kind", kind, "--url", url, *arguments])
    return command.create_source(parse_request(parsed), environ or {}, root, credentials)


def create_orders(root, documents):
    arguments = ("--endpoint", "orders", "--relation", "Orders")
    return create(root, "shop", "mongodb", f"mongodb://{documents.address}/shop", *arguments)


def create_exports(root, exports):
    endpoints = {
        "stock": "stock.csv",
        "events": "events.jsonl",
        "visits": "visits.json",
        "prices": "prices.parquet",
    }
    arguments = [
        text for pair in endpoints.items() for text in ("--endpoint", pair[0], "--relation", pair[1])
    ]
    return create(root, "exports", "files", exports.as_uri(), *arguments)


def create_things(root, api):
    return create(root, "things_api", "rest", api.url, "--endpoint", "things", "--option", API)


def create_targets(root, person, sandbox):
    person.type(
        [["Day", "Amount", "Agreed", "Note ", "", "limit"], ["2026-01-31", 1.5, True, "x", "", "08:30"]]
    )
    person.type([["2026-02-01", 2, False]], "Plan!A3")
    url = f"https://docs.google.com/spreadsheets/d/{person.id}/edit#gid=0"
    token = google.oauth2.credentials.Credentials(f"sandbox.{sandbox.identity('connector')}")
    arguments = ("--endpoint", "targets", "--relation", "Plan", "--key", "Day")
    environ = {"SHEETS_ENDPOINT": f"{sandbox.address}/sheets"}
    return create(root, "plan", "sheet", url, *arguments, environ=environ, credentials=lambda: token)


def types(root, table):
    model = (root / f"dataform/definitions/ods/{table}.sqlx").read_text()
    return {name: kind for name, kind, _ in COLUMN_TYPE.findall(model)}


def columns(root, table):
    names = re.findall('"name": "(.*?)"', (root / f"connector/schemas/{table}.json").read_text())
    assert names[-2:] == ["SYS_DATE_CREATE", "SYS_FILE_NAME"]
    return names[:-2]


def declaration(root, name, endpoint):
    return registry.read_source(name, root / "connector/sources").endpoint(endpoint)


@pytest.fixture
def root(tmp_path):
    folder = tmp_path / "declarations"
    (folder / "connector/sources").mkdir(parents=True)
    return folder


def lay_out(tmp_path, root):
    company = command.ROOT / "demo/companies/erp/declarations/dataform/definitions/assertions"
    shutil.copytree(company, root / "dataform/definitions/assertions")
    assertion = root / "dataform/definitions/assertions/raw_rows.sqlx"
    head, _, _ = assertion.read_text().partition("${assertions")
    assertion.write_text(f"{head}${{assertions.unreadRows({{ ref }}, {list(TABLES)})}}\n".replace("'", '"'))
    return lay_out_company(str(tmp_path), tmp_path / "project").compile()


def test_every_kind_from_a_small_source_to_rows_in_ods(
    root, tmp_path, documents, exports, api, person, sandbox
):
    create_orders(root, documents)
    create_exports(root, exports)
    create_things(root, api)
    create_targets(root, person, sandbox)
    assert check_all(root / "connector/sources", root / "connector/schemas") == []
    graph = lay_out(tmp_path, root)
    described = {
        table["target"]["name"]: {column["path"][0] for column in table["actionDescriptor"]["columns"]}
        for table in graph["tables"]
        if table["target"]["name"] in TABLES
    }
    assert described == {name: {*columns(root, name), "SYS_DATE_CREATE", "SYS_FILE_NAME"} for name in TABLES}

    system = System(sandbox.address, str(tmp_path), graph, {}, {})
    del system.sources["plan"]
    try:
        system.copy_all()
        system.transform()
        check_rows(system)
    finally:
        system.close()


def check_rows(system):
    assert system.rows("select source_order, grosse, total, lines from ods.orders order by 1") == [
        (1, "L", Decimal("1.5"), '[{"sku":"a"}]'),
        (2, None, None, None),
    ]
    assert system.rows("select sku, grosse, zip, source_from from ods.stock order by 1") == [
        ("a", "1,5", "01000", "x"),
        ("b", None, "75001", "y"),
    ]
    assert system.rows("select id, tags from ods.events order by 1") == [
        ("12345678901234567890", None),
        ("b", '["x"]'),
    ]
    assert system.rows("select count(*), sum(id), min(source_by), count(source_window) from ods.things") == [
        (25, 300, '{"user":1}', 0)
    ]
    assert system.rows("select code, price from ods.prices order by 1") == [
        ("a", None),
        ("b", Decimal("2.5")),
    ]


def test_documents(root, documents):
    written = create_orders(root, documents)
    assert sorted(map(str, written))[-1] == "dataform/definitions/sources/orders.sqlx"
    endpoint = declaration(root, "shop", "orders")
    assert (endpoint.key, endpoint.collection, endpoint.rename) == (
        ["_id"],
        "Orders",
        {"order": "source_order", "Größe": "grosse"},
    )
    assert types(root, "orders") == {
        "_id": "types.required(types.asReceived)",
        "source_order": "types.integer",
        "grosse": "types.asReceived",
        "total": "types.decimal",
        "lines": "types.asReceived",
        "updated_at": "types.timestamp",
        "late": "types.asReceived",
    }
    assert (
        "`window: {field: updated_at, look_back: 1h}`" in (root / "connector/sources/shop.yaml").read_text()
    )


def test_files_of_each_format(root, exports):
    create_exports(root, exports)
    stock = declaration(root, "exports", "stock")
    assert stock.format == {"csv": {"delimiter": ";", "encoding": "cp1252"}}
    assert (stock.key, stock.rename) == (["sku"], {"Größe": "grosse", "from": "source_from"})
    text = (root / "connector/sources/exports.yaml").read_text()
    assert "# decide: is sku the key of each row? It was taken from: distinct in the 2 rows" in text
    assert "# decide: the newest file is not UTF-8; cp1252 is a guess" in text
    assert columns(root, "stock") == ["sku", "grosse", "zip", "source_from"]
    assert types(root, "stock")["zip"] == "types.asReceived"  # 01000 would lose its zero
    assert types(root, "events") == {
        "id": "types.required(types.asReceived)",
        "source_at": "types.timestamp",
        "tags": "types.asReceived",
    }
    assert types(root, "visits") == {
        "id": "types.required(types.integer)",
        "day": "types.date",
        "ok": "types.asReceived",
    }
    assert [declaration(root, "exports", name).format for name in ("events", "visits", "prices")] == [
        {"ndjson": {}},
        {"json": {}},
        {"parquet": {}},
    ]


def test_an_api(root, api):
    create_things(root, api)
    source: Any = registry.read_source("things_api", root / "connector/sources")
    assert source.paging == {"offset": "offset", "limit": 10, "size": "limit", "items": "results"}
    assert source.endpoint("things").path == "/things"
    assert types(root, "things") == {
        "id": "types.required(types.integer)",
        "name": "types.asReceived",
        "source_by": "types.asReceived",
        "source_window": "types.asReceived",
    }


def test_a_sheet(root, person, sandbox):
    create_targets(root, person, sandbox)
    text = (root / "connector/sources/plan.yaml").read_text()
    assert person.id not in text  # each environment has a spreadsheet of its own
    endpoint = declaration(root, "plan", "targets")
    declared = {name: (column.header, column.type) for name, column in endpoint.columns.items()}
    assert declared == {
        "day": ("Day", "date"),
        "amount": ("Amount", "number"),
        "agreed": ("Agreed", "boolean"),
        "note": ("Note", "text"),
        "source_limit": ("limit", "time"),
    }
    assert (endpoint.key, columns(root, "targets")) == (["day"], list(declared))
    assert types(root, "targets") == {
        "day": "types.required(types.date)",
        "amount": "types.decimal",
        "agreed": "types.asReceived",
        "note": "types.asReceived",
        "source_limit": "types.asReceived",
    }


@pytest.mark.parametrize(
    ("content", "options"),
    [
        (b"a,b\n1,2\n", {}),
        (b"a\tb\n1,5\t2,5\n", {"delimiter": "\t"}),
        (b'a|b\n"x,y;z"|2\n', {"delimiter": "|"}),
        ("a;b\n1;2\n".encode("utf-16"), {"delimiter": ";", "encoding": "utf-16"}),
        (codecs.BOM_UTF32_BE + "a,b\n1,2\n".encode("utf-32-be"), {"encoding": "utf-32"}),
        (b"\xef\xbb\xbfa,b\n1,2\n", {}),
        (b"a\r\n1\r\n", {}),
        (("id,name\n" + "1,é\n" * 20_000).encode()[: 1 << 16], {}),
        (b"a,b\n\xe9,2\n", {"encoding": "cp1252"}),
    ],
)
def test_the_options_of_csv(content, options):
    assert detect_csv(content) == options


def test_an_empty_or_missing_source_of_documents(root, documents):
    arguments = ("--endpoint", "orders")
    url = f"mongodb://{documents.address}/shop"
    with pytest.raises(RequestRejected, match=r"no collection 'orders'; it has: Orders"):
        create(root, "shop", "mongodb", url, *arguments)
    documents.documents["empty"] = []
    with pytest.raises(RequestRejected, match="collection empty has no rows"):
        create(root, "shop", "mongodb", url, *arguments, "--relation", "empty")
    with pytest.raises(SettingsError, match="SHOP_API_KEY"):
        create(root, "shop", "mongodb", url, *arguments, "--secret", "shop-password")
    assert list(root.glob("**/*.*")) == []


def test_an_empty_or_missing_folder(root, exports):
    def refuse(relation, error, message, *arguments, folder=exports):
        with pytest.raises(error, match=message):
            url = folder.as_uri()
            create(root, "exports", "files", url, "--endpoint", "a", "--relation", relation, *arguments)

    (exports / "header.csv").write_text("id,name\n")
    (exports / "report.xml").write_text("<a/>")
    (exports / "plain.csv").write_text("name,town\nx,y\nx,y\n")
    refuse("*.csv", RequestRejected, "gone does not exist", folder=exports / "gone")
    refuse("no/*.csv", RequestRejected, r"no file matches 'no/\*\.csv' .*which has: events\.jsonl")
    refuse("header.csv", RequestRejected, r"header\.csv has no rows")
    refuse("report.xml", DeclarationError, r"report\.xml ends in none of \.csv")
    (exports / "zipped.csv").write_bytes(b"PK\x03\x04")
    (exports / "PLAIN.CSV.GZ").write_bytes(b"id,name\n")
    refuse("zipped.csv", RequestRejected, r"zipped\.csv: the file is a zip archive.*Nothing was written")
    refuse("PLAIN.CSV.GZ", RequestRejected, r"PLAIN\.CSV\.GZ: not a valid gzip file")
    refuse("stock.csv", RequestRejected, "not a readable Parquet", "--option", "format={parquet: {}}")
    refuse("plain.csv", DeclarationError, "no field that is named like a key .*columns: name, town")
    refuse("plain.csv", DeclarationError, "has no column id; columns: name, town", "--key", "id")
    assert list(root.glob("**/*.*")) == []


def test_an_api_that_does_not_answer_or_has_no_list(root, api):
    def refuse(error, message, *arguments, url=api.url):
        with pytest.raises(error, match=message):
            create(root, "things_api", "rest", url, "--endpoint", "things", *arguments)

    refuse(SourceUnavailable, "no response", url="http://127.0.0.1:1")
    api.shape = lambda *_: (200, {}, {"a": [{"id": 1}], "b": {"c": [{"id": 1}]}})
    refuse(DeclarationError, "lists of objects at a, b.c. Name the path: --option 'paging={items: PATH}'")
    api.shape = lambda *_: (200, {}, {"items": []})
    refuse(DeclarationError, "no list of objects; it is an object with: items")
    refuse(RequestRejected, "has no rows", "--option", "paging={items: items}")
    api.shape = lambda *_: (200, {}, b"<html>")
    refuse(RequestRejected, "did not return JSON")
    api.shape = lambda *_: (200, {}, b'{"id": 1}\n{"id": 2}\n')
    refuse(RequestRejected, r"--option 'paging=\{items: \$, form: lines\}'")
    api.shape = lambda *_: (200, {}, {"things": {"a1": {"id": 1}, "b2": {"id": 2}}})
    refuse(DeclarationError, "add `form: object`")
    api.shape = lambda *_: (404, {}, {"error": "no such path"})
    refuse(RequestRejected, "returned 404")
    refuse(DeclarationError, "both `auth` and `secret`", "--option", "auth={header: X-Key}")
    assert list(root.glob("**/*.*")) == []


def test_an_empty_or_missing_tab(root, person, sandbox):
    def refuse(error, message, tab, *rows):
        if rows:
            person.type(rows)
        token = google.oauth2.credentials.Credentials(f"sandbox.{sandbox.identity('connector')}")
        environ = {"SHEETS_ENDPOINT": f"{sandbox.address}/sheets"}
        arguments = ("--endpoint", "targets", "--relation", tab)
        with pytest.raises(error, match=message):
            create(root, "plan", "sheet", person.id, *arguments, environ=environ, credentials=lambda: token)

    refuse(RequestRejected, "does not exist; the spreadsheet has: 'Plan'", "Other")
    refuse(RequestRejected, "tab 'Plan' has no rows", "Plan")
    refuse(RequestRejected, "tab 'Plan' has no rows", "Plan", ["Id", "Name"])
    refuse(DeclarationError, "several columns 'Name', 'name'", "Plan", ["Name", "name"], ["x", "y"])
    assert list(root.glob("**/*.*")) == []


def test_nothing_existing_is_overwritten(root, exports):
    create_exports(root, exports)
    before = {path: path.read_bytes() for path in root.rglob("*.*")}
    with pytest.raises(UsageError, match=r"exports\.yaml.* exists already; nothing was written"):
        create_exports(root, exports)
    with pytest.raises(UsageError, match=r"stock\.json"):
        create(root, "other", "files", exports.as_uri(), "--endpoint", "stock", "--relation", "stock.csv")
    assert {path: path.read_bytes() for path in root.rglob("*.*")} == before


@pytest.mark.parametrize(
    ("option", "message"),
    [
        ("pagin={items: x}", "expected KEY=YAML with a key of auth, body, headers"),
        ("paging={items", "not YAML"),
        ("url=x", "expected KEY=YAML"),
    ],
)
def test_an_invalid_option(root, option, message):
    with pytest.raises(UsageError, match=message):
        create(root, "a", "rest", "http://127.0.0.1:1", "--endpoint", "x", "--option", option)


@pytest.mark.parametrize("prefix", RESERVED_PREFIXES)
def test_a_proposed_column_passes_the_check_of_the_schema(prefix):
    name = column_of(f"{prefix.lower()}type")
    assert not name.upper().startswith(prefix)
    check_name(name, "raw.visits")
