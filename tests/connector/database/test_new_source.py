"""`python -m connector new`: from an empty database to rows in ods and in a sheet, and what it refuses."""

import json
import shutil
from decimal import Decimal
from pathlib import Path
from types import SimpleNamespace

import pytest

from connector import raw_schema
from connector.__main__ import create_parser
from connector.declaration_check import check_all
from connector.errors import DeclarationError, KeyRejected, RequestRejected, SourceUnavailable
from connector.new_source import command as new_source
from connector.new_source.arguments import parse_request
from connector.new_source.write import link_all
from connector.sources import registry
from connector.sources.database.config import TableEndpoint
from runtime.errors import SettingsError, UsageError
from sheets_sync.destinations.sheets.destination import SheetsDestination
from sheets_sync.export_parser import parse_export
from sheets_sync.options import Options
from sheets_sync.sync import sync_until_known
from sheets_sync.warehouse import Warehouse as MartWarehouse
from tests.connector.database.servers import PASSWORD
from tests.demo.companies.system import System, lay_out_company
from tests.sheets_sync.sandbox_spreadsheets import opened, reached

KINDS = ["postgres"]
DECLARATIONS = Path("declarations")
TABLE = """
create table shop.parcels (
  id bigint primary key, "order" text not null, "Größe" numeric(8, 2), shipped_on date, reason text,
  is_late boolean, updated_at timestamptz not null default now()
)"""
COMMENT = "comment on column shop.parcels.reason is 'Why \"it\" waits,\n${now}; `x`'"
ROWS = """
insert into shop.parcels values
  (1, 'A-1', 1.25, '2026-01-31', null, false, '2026-01-01 10:00+00'),
  (2, ' A-2 ', null, null, 'customs', true, '2026-01-02 10:00+00')"""

MART = """config {
  type: "view",
  schema: "dmt",
  description: "The parcels. One row a parcel.",
  columns: { id: "The parcel. Key.", reason: "Why it waits." },
  bigquery: { labels: { layer: "dmt" } },
  tags: ["hourly", "daily"],
}

select id, source_reason as reason from ${ref("ods", "parcels")}
"""
EXPORT = {
    "table": "parcel_list",
    "tab": "Parcels",
    "mode": "mirror",
    "key": ["id"],
    "columns": {"id": {"header": "Parcel"}, "reason": {"header": "Reason"}},
}


def request(url, *arguments, name="parcel_shop"):
    command = ["new", name, "--kind", "postgres", "--url", url, "--secret", "parcel-password", *arguments]
    return parse_request(create_parser().parse_args(command))


def create(server, root, *arguments, password=PASSWORD, **others):
    arguments = arguments or ("--endpoint", "parcels", "--relation", "shop.parcels")
    environ = {"PARCEL_SHOP_API_KEY": password} if password else {}
    return new_source.create_source(request(server.url(), *arguments, **others), environ, root)


def files(root):
    return sorted(path.relative_to(root).as_posix() for path in root.rglob("*") if path.is_file())


@pytest.fixture
def shop(server):
    server.execute(TABLE, COMMENT)
    return server


def test_from_an_empty_database_to_a_sheet(shop, sandbox, tmp_path):
    root = tmp_path / DECLARATIONS
    (root / "connector" / "sources").mkdir(parents=True)
    # Nothing but a key, as a table has that joins two others.
    shop.execute("create table shop.stops (parcel_id bigint, town text, primary key (parcel_id, town))")
    endpoints = ("--endpoint", "parcels", "--relation", "shop.parcels", "--endpoint", "stops")
    written = create(shop, root, *endpoints, "--relation", "shop.stops")
    assert sorted(map(str, written)) == files(root)
    assert check_all(root / "connector/sources", root / "connector/schemas") == []
    check_declaration(root)
    add_models(root)
    graph = lay_out_company(str(tmp_path), tmp_path / "project").compile()
    check_descriptions(graph, root)

    variables = {"PARCEL_SHOP_URL": shop.url()}
    system = System(sandbox.address, str(tmp_path), graph, variables, {"parcel_shop": PASSWORD})
    try:
        shop.execute(ROWS, "insert into shop.stops values (1, 'Lyon'), (1, 'Paris'), (2, 'Lyon')")
        system.copy_all()
        system.transform()
        stops = [(1, "Lyon"), (1, "Paris"), (2, "Lyon")]
        assert system.rows("select parcel_id, town from ods.stops order by 1, 2") == stops
        select = (
            "select id, source_order, grosse, cast(shipped_on as string), source_reason, is_late, "
            "format_timestamp('%F %H:%M', updated_at) from ods.parcels order by id"
        )
        first = (1, "A-1", Decimal("1.25"), "2026-01-31", None, "false", "2026-01-01 10:00")
        assert system.rows(select) == [first, (2, " A-2 ", None, None, "customs", "true", "2026-01-02 10:00")]
        shop.execute("update shop.parcels set reason = 'lost', updated_at = now() where id = 2")
        system.day = 1
        system.copy_all()
        system.transform()
        reasons = [(1, None), (2, "lost")]
        assert system.rows("select id, source_reason from ods.parcels order by id") == reasons
        assert system.rows("select parcel_id, town from ods.stops order by 1, 2") == stops
        assert system.rows("select count(*) from ods.parcels_rejects where file_day > '2000-01-01'") == [(0,)]
        assert sync_sheet(system, sandbox) == [["Parcel", "Reason"], ["1"], ["2", "lost"]]
    finally:
        system.close()


def check_declaration(root):
    """Key, window and new names of the columns."""
    [source] = registry.read_all_sources(root / "connector/sources").values()
    endpoint = source.endpoint("parcels")
    assert isinstance(endpoint, TableEndpoint) and endpoint.changes
    assert endpoint.key == ["id"]
    assert (endpoint.changes.field, endpoint.changes.look_back) == ("updated_at", "1h")
    assert endpoint.rename == {"order": "source_order", "Größe": "grosse", "reason": "source_reason"}


def add_models(root):
    """Assertions for two tables, and a mart."""
    shutil.copytree(
        new_source.ROOT / "demo/companies/erp/declarations/dataform/definitions/assertions",
        root / "dataform/definitions/assertions",
    )
    assertion = root / "dataform/definitions/assertions/raw_rows.sqlx"
    head, _, _ = assertion.read_text().partition("${assertions")
    assertion.write_text(head + '${assertions.unreadRows({ ref }, ["parcels", "stops"])}\n')
    (root / "dataform/definitions/dmt").mkdir()
    (root / "dataform/definitions/dmt/parcel_list.sqlx").write_text(MART)


def sync_sheet(system, sandbox):
    """The cells of the tab that the export fills, as a person sees them."""
    cloud = SimpleNamespace(state=sandbox)
    person = opened(cloud)
    export = parse_export("parcel_list", "parcel_list.yaml", EXPORT)
    place = SheetsDestination(reached(cloud, person, []), sandbox.project, Options())
    sync_until_known(export, MartWarehouse(system.client).read_mart(export), place)
    return person.see("Parcels")


def check_descriptions(graph, root):
    """As tests/dataform/test_rules.py: the texts of raw are those of its schema, and all end with a period."""
    fields = json.loads((root / "connector/schemas/parcels.json").read_text())
    [raw] = [each for each in graph["declarations"] if each["target"]["name"] == "parcels"]
    texts = {column["path"][0]: column["description"] for column in raw["actionDescriptor"]["columns"]}
    assert texts == {field["name"]: field["description"] for field in fields}
    [model] = [each for each in graph["tables"] if each["target"]["name"] == "parcels"]
    described = {column["path"][0]: column["description"] for column in model["actionDescriptor"]["columns"]}
    assert described.keys() == texts.keys()
    assert all(text.endswith(".") for text in [*texts.values(), *described.values()])
    assert 'Why "it" waits, ${now}; `x`: text.' in texts.values()


def test_nothing_existing_is_overwritten(shop, tmp_path):
    create(shop, tmp_path)
    before = {name: (tmp_path / name).read_text() for name in files(tmp_path)}
    with pytest.raises(UsageError, match=r"parcel_shop\.yaml.* exists already; nothing was written"):
        create(shop, tmp_path)
    with pytest.raises(UsageError, match=r"schemas/parcels\.json"):
        create(shop, tmp_path, name="other")
    assert {name: (tmp_path / name).read_text() for name in files(tmp_path)} == before


def test_a_file_that_appears_meanwhile_removes_what_was_written(shop, tmp_path):
    texts = {Path("connector/sources/a.yaml"): "a", Path("connector/schemas/b.json"): "b"}
    (tmp_path / "staged/connector/sources").mkdir(parents=True)
    (tmp_path / "staged/connector/schemas").mkdir()
    for path, text in texts.items():
        (tmp_path / "staged" / path).write_text(text)
    (tmp_path / "root/connector/schemas").mkdir(parents=True)
    (tmp_path / "root/connector/schemas/b.json").write_text("a person's")
    with pytest.raises(UsageError, match="Nothing was written"):
        link_all(list(texts), tmp_path / "staged", tmp_path / "root")
    assert files(tmp_path / "root") == ["connector/schemas/b.json"]
    assert (tmp_path / "root/connector/schemas/b.json").read_text() == "a person's"


@pytest.mark.parametrize(
    ("statement", "relation", "error", "message"),
    [
        ("select 1", "shop.parcel", RequestRejected, r"has no table shop\.parcel .*sees: shop\.parcels\."),
        ("select 1", "nowhere.parcels", RequestRejected, r"sees: shop\.parcels\."),
        ("revoke select on shop.parcels from connector", "shop.parcels", RequestRejected, "GRANT SELECT"),
        (
            "alter table shop.parcels drop constraint parcels_pkey",
            "shop.parcels",
            DeclarationError,
            "primary key",
        ),
    ],
)
def test_a_table_that_cannot_be_copied(shop, tmp_path, statement, relation, error, message):
    shop.execute(statement)
    with pytest.raises(error, match=message):
        create(shop, tmp_path, "--endpoint", "parcels", "--relation", relation)
    assert files(tmp_path) == []


def test_a_source_that_cannot_be_reached(shop, tmp_path):
    with pytest.raises(SettingsError, match="PARCEL_SHOP_API_KEY"):
        create(shop, tmp_path, password="")
    with pytest.raises(KeyRejected, match="rejected the password"):
        create(shop, tmp_path, password="wrong")
    with pytest.raises(SourceUnavailable, match="could not reach PostgreSQL"):
        away = request("postgresql://connector@127.0.0.1:1/shop", "--endpoint", "parcels")
        new_source.create_source(away, {"PARCEL_SHOP_API_KEY": "x"}, tmp_path)
    assert files(tmp_path) == []


def test_a_key_that_only_grows_and_a_time_that_may_be_null_give_no_window(server, tmp_path):
    """The first finds no update, and rows without a time are in no window."""
    server.execute(
        "create table shop.steps (id int primary key, born date)",
        "create table shop.moves (a int, b text, updated_at timestamp, primary key (b, a))",
    )
    arguments = ("--endpoint", "steps", "--relation", "shop.steps", "--endpoint", "moves")
    create(server, tmp_path, *arguments, "--relation", "shop.moves")
    source = registry.read_source("parcel_shop", tmp_path / "connector/sources")
    assert [each.window for each in source.endpoints.values()] == [None, None]
    assert source.endpoints["moves"].key == ["b", "a"]
    columns = raw_schema.read_columns("moves", tmp_path / "connector/schemas")
    assert [column["name"] for column in columns] == ["a", "b", "updated_at", "SYS_FILE_NAME"]
    model = (tmp_path / "dataform/definitions/ods/moves.sqlx").read_text()
    assert "b: types.required(types.asReceived)," in model  # 'x' and ' x' are two keys


def test_columns_that_differ_only_in_case_or_are_not_latin(server, tmp_path):
    server.execute('create table shop.odd ("ID" int primary key, "Id" int, "имя" text, "адрес" text)')
    create(server, tmp_path, "--endpoint", "odd", "--relation", "shop.odd")
    [endpoint] = registry.read_source("parcel_shop", tmp_path / "connector/sources").endpoints.values()
    assert isinstance(endpoint, TableEndpoint)
    assert endpoint.rename == {"Id": "id_2", "имя": "column", "адрес": "column_2"}
    assert endpoint.key == ["ID"]


def test_a_day_that_may_be_a_birthday_is_a_question(shop, tmp_path):
    create(shop, tmp_path)
    model = (tmp_path / "dataform/definitions/ods/parcels.sqlx").read_text()
    assert "shipped_on: types.date,  // decide: days before 1990 (birthdays) or over a year ahead" in model


def test_a_view_has_a_key_if_one_is_named(shop, tmp_path):
    shop.execute('create view shop.late as select "order" as code, updated_at from shop.parcels')
    place = ("--endpoint", "late", "--relation", "shop.late")
    with pytest.raises(DeclarationError, match=r"no primary key .*columns: code, updated_at\. .*--key"):
        create(shop, tmp_path, *place)
    with pytest.raises(DeclarationError, match="has no column id; columns: code, updated_at"):
        create(shop, tmp_path, *place, "--key", "id")
    create(shop, tmp_path, *place, "--key", "code")
    [endpoint] = registry.read_source("parcel_shop", tmp_path / "connector/sources").endpoints.values()
    assert endpoint.key == ["code"]


def test_columns_that_the_account_may_not_read_are_named(shop, tmp_path):
    shop.execute(
        "revoke select on shop.parcels from connector",
        "grant select (id, updated_at) on shop.parcels to connector",
    )
    create(shop, tmp_path)
    declaration = (tmp_path / "connector/sources/parcel_shop.yaml").read_text()
    assert 'no run copies: "order, Größe, shipped_on, reason, is_late"' in declaration
    columns = raw_schema.read_columns("parcels", tmp_path / "connector/schemas")
    assert [column["name"] for column in columns] == ["id", "updated_at", "SYS_FILE_NAME"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["Shop", "--endpoint", "x"], "invalid name 'Shop'"),
        (["shop", "--endpoint", "order"], "invalid name 'order'"),
        (["shop"], "new needs NAME"),
        (["shop", "--endpoint", "x", "--endpoint", "x"], "given twice"),
        (["shop", "--endpoint", "x", "--relation", "a.x", "--relation", "a.y"], "one relation per endpoint"),
        (["shop", "--endpoint", "x", "--key", "a", "--key", "b"], "one key per endpoint"),
        (["shop", "--endpoint", "x", "--key", "a,"], "--key has an empty name"),
        (["shop", "--endpoint", "x", "--endpoint", "x_rejects"], "x_rejects is the table of the rejects"),
        (["shop", "--endpoint", "x", "--kind", "files"], "needs --relation, a pattern"),
    ],
)
def test_arguments_that_no_source_can_have(arguments, message):
    name, *others = arguments
    command = ["new", name, "--kind", "postgres", "--url", "postgresql://c@h/d", *others]
    with pytest.raises(UsageError, match=message):
        parse_request(create_parser().parse_args(command))


@pytest.mark.parametrize(
    ("url", "secret", "endpoint", "error", "message"),
    [
        ("postgresql://c@h/d", "s", "products", UsageError, r"products\.json.* exists already"),
        ("postgresql://c:p@h/d", "s", "x", DeclarationError, "remove the password"),
        ("mysql://c@h/d", "s", "x", DeclarationError, r"mysql://\*\*\*@h/d"),
        ("postgresql://c@h/d", "a secret", "x", DeclarationError, "secret"),
    ],
)
def test_what_is_refused_before_a_connection(url, secret, endpoint, error, message):
    command = ["new", "fresh", "--kind", "postgres", "--url", url, "--secret", secret, "--endpoint", endpoint]
    with pytest.raises(error, match=message):
        new_source.create_source(parse_request(create_parser().parse_args(command)), {})


def test_an_endpoint_or_a_secret_of_another_source(shop, tmp_path):
    sources = tmp_path / "connector/sources"
    sources.mkdir(parents=True)
    declared = 'kind: postgres\nurl: postgresql://c@h/d\nsecret: "{}"\nendpoints:\n  old:\n'
    declared += "    {{relation: a.b, table: {}, key: [id], schedule: daily}}\n"
    (sources / "other.yaml").write_text(declared.format("other-password", "parcels"))
    with pytest.raises(UsageError, match=r"parcels is an endpoint or a table of other\.yaml"):
        create(shop, tmp_path)
    (sources / "other.yaml").write_text(declared.format("parcel-password", "old"))
    with pytest.raises(DeclarationError, match="each source needs its own secret"):
        create(shop, tmp_path)
    assert files(tmp_path) == ["connector/sources/other.yaml"]
