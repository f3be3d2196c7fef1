"""check, try, describe and json-schema: mistakes in a declaration are reported before a request is sent."""

import json

import pytest
import yaml
from msgspec.structs import replace

from connector import raw_schema
from connector.declaration_check import check_endpoint, check_source
from connector.errors import DeclarationError, InvalidResponse
from connector.settings import Settings
from connector.source_preview import infer_schema, preview_page
from connector.sources import registry
from connector.sources.rest.reader import create_reader
from connector.sources.window import IdRange
from tests.fakes import paged_api as shapes

RETAIL = (registry.SOURCES / "retail.yaml").read_text()
ENVIRON = {"PROJECT_ID": "p", "LOCATION": "EU", "BUCKET": "b", "RETAIL_API_KEY": "k"}


def write_source(folder, text, name="retail"):
    (folder / f"{name}.yaml").write_text(text)
    return folder


def test_the_declared_source_is_valid():
    assert check_source("retail", ENVIRON) == []


def test_missing_settings_are_listed():
    assert "RETAIL_API_KEY" in check_source("retail", {})[0]


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("key: [id]\n    schedule", "key: [number]\n    schedule", "key: 'number' is not a column of"),
        ("field: id ", "field: nr ", "window.field: 'nr' is not a column of"),
        (
            "paging: {page: page",
            "paging: {pgae: page",
            "unknown key `pgae`. Kinds of paging: page, offset, cursor",
        ),
        (
            "auth: {header: X-API-Key}",
            "auth: {type: bearer}",
            "unknown kind of authentication (type). Allowed here",
        ),
        ("path: /sales\n", "path: /sales\n    path: /other\n", "path is declared twice"),
        (
            "table: products,",
            "table: sales,",
            "raw.sales is the table of retail/sales and of retail/products",
        ),
    ],
)
def test_a_mistake_is_named_with_the_allowed_values(tmp_path, old, new, message):
    assert old in RETAIL
    problems = check_source("retail", ENVIRON, write_source(tmp_path, RETAIL.replace(old, new, 1)))
    assert any(message in problem for problem in problems), problems


def test_two_sources_with_one_table_are_reported(tmp_path):
    write_source(tmp_path, RETAIL)
    write_source(tmp_path, RETAIL.replace("table: customers", "table: clients"), "other")
    problems = registry.find_table_conflicts(tmp_path)
    assert [problem.partition(" is")[0] for problem in problems] == ["raw.sales", "raw.products"]


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ({"name": "id"}, "expected a list of columns"),
        ([{"type": "STRING"}], "column 1 has no `name`"),
        (
            [{"name": "id", "type": "STRNG"}],
            "column 'id': invalid type 'STRNG'; expected one of STRING, JSON",
        ),
        ([{"name": "id", "type": "STRING", "mode": "NULLBLE"}], "invalid mode 'NULLBLE'"),
        ([{"name": "first-name", "type": "STRING"}], "use `rename`"),
        ([{"name": "id", "type": "STRING"}, {"name": "ID", "type": "STRING"}], "id is declared twice"),
        ([{"name": "lines", "type": "RECORD"}], "column 'lines': expected a list of columns"),
    ],
)
def test_a_wrong_schema_names_the_column(tmp_path, columns, message):
    (tmp_path / "things.json").write_text(json.dumps(columns))
    with pytest.raises(DeclarationError) as raised:
        raw_schema.read_columns("things", tmp_path)
    assert message in str(raised.value)


def test_an_endpoint_without_a_schema_is_named(retail, tmp_path):
    [problem] = check_endpoint("x", retail.endpoint("sales"), tmp_path)
    assert "could not read the schema of raw.sales" in problem


def reader_of(harness, shape):
    api = harness(shape)
    settings = Settings("", "", "", {"URL": api.api.url, "API_KEY": api.key})
    return create_reader(api.source, "things", settings), api


def test_try_shows_page_1_as_it_is_understood(harness):
    reader, api = reader_of(harness, shapes.by_cursor)
    api.api.items = [{"id": number, "name": "a", "tags": [{"x": 1.5}]} for number in range(30)]
    with reader.client.session:
        text = preview_page(reader, IdRange())
    assert "items: 10\n" in text
    assert "next page: at-10" in text
    assert "  tags.x                         number               1.5" in text


def test_describe_infers_a_schema_that_the_connector_accepts(harness, tmp_path):
    reader, api = reader_of(harness, shapes.by_number)
    api.api.items = [{"id": 1, "lines": [{"sku": "a"}], "any": {}}, {"id": 2, "any": [1]}] * 10
    with reader.client.session:
        text, unusable = infer_schema(reader, IdRange())
    (tmp_path / "things.json").write_text(text)
    columns = {column["name"]: column for column in raw_schema.read_columns("things", tmp_path)}
    assert columns["id"]["type"] == "STRING"
    assert (columns["lines"]["type"], columns["lines"]["mode"]) == ("RECORD", "REPEATED")
    assert columns["any"]["type"] == "JSON"
    assert unusable == []


def test_describe_proposes_no_name_that_raw_rejects(harness, tmp_path):
    reader, api = reader_of(harness, shapes.by_number)
    names = ["id", "ID", "first-name", "+1", "", "SYS_FILE_NAME", "_table_x", "in"]
    api.api.items = [dict.fromkeys(names, 1) | {"in": {"a b": 1, "c": 2}}] * 10
    with reader.client.session:
        text, unusable = infer_schema(reader, IdRange())
    (tmp_path / "things.json").write_text(text)
    columns = {column["name"]: column["type"] for column in raw_schema.read_columns("things", tmp_path)}
    assert len(columns.keys() & {"id", "ID"}) == 1
    assert columns["in"] == "JSON"
    assert set(names) - columns.keys() == set(unusable) - {"SYS_FILE_NAME"}


@pytest.mark.parametrize("items", [[], [1, "a", None]])
def test_describe_of_a_page_without_fields_is_an_error(harness, items):
    reader, api = reader_of(harness, shapes.by_offset)
    api.api.items = items
    with reader.client.session, pytest.raises(InvalidResponse, match=f"{len(items)} items.*check `items`"):
        infer_schema(reader, IdRange())


def test_try_names_what_makes_a_run_incomplete(harness):
    """Pages from 0 that are declared from 1."""
    _, api = reader_of(harness, shapes.by_number)
    declared = replace(api.source, paging=shapes.SHAPES[shapes.by_number] | {"first": 1})
    reader = create_reader(declared, "things", Settings("", "", "", {"URL": api.api.url}))
    with reader.client.session:
        assert "incomplete: p=0 has items that p=1 does not have" in preview_page(reader, IdRange())


def test_try_of_a_whole_list_names_no_position(harness):
    reader, _ = reader_of(harness, shapes.whole)
    with reader.client.session:
        assert "next page: none; no paging is declared" in preview_page(reader, IdRange())


def test_the_json_schema_contains_every_key_of_the_declared_source():
    schema = json.loads(registry.json_schema())
    assert set(yaml.safe_load(RETAIL)) <= set(schema["$defs"]["RestSource"]["properties"])
    assert len(schema["oneOf"]) == len(registry.KINDS)
    assert "MongoSource" in schema["$defs"]


def test_kinds_that_plan_their_parts_have_tasks():
    definitions = json.loads(registry.json_schema())["$defs"]
    having = {name for name, each in definitions.items() if "tasks" in each.get("properties", {})}
    assert having == {"TableEndpoint", "MongoEndpoint", "FilesEndpoint"}


@pytest.mark.parametrize("tasks", [0, 101, "8", 1.5])
def test_an_invalid_number_of_tasks_is_rejected(tasks):
    endpoint = {
        "relation": "public.invoices",
        "table": "t",
        "key": ["id"],
        "schedule": "daily",
        "tasks": tasks,
    }
    declared = {"kind": "postgres", "url": "postgresql://host/erp", "endpoints": {"invoices": endpoint}}
    with pytest.raises(DeclarationError, match=r"erp.yaml: endpoints.invoices: Expected `int`.*`\$.tasks`"):
        registry.parse_source(declared, "erp.yaml")


def test_an_api_cannot_declare_tasks():
    endpoint = {"path": "/x", "table": "t", "key": ["id"], "schedule": "daily", "tasks": 8}
    declared = {"kind": "rest", "url": "https://api.example", "endpoints": {"x": endpoint}}
    with pytest.raises(DeclarationError, match="unknown field `tasks`"):
        registry.parse_source(declared, "api.yaml")
