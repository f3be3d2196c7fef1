"""Declarations that are valid part by part, and would send another request or lose a column."""

import json

import pytest

from connector import declaration_check
from connector.errors import DeclarationError
from connector.settings import Settings
from connector.sources import registry
from connector.sources.rest.config import RestSource
from connector.sources.rest.reader import create_reader
from connector.sources.time_window import TimeWindow, parse_time
from runtime.yaml_file import load_yaml

THINGS = {"path": "/things", "table": "things", "key": ["id"], "schedule": "daily"}
TABLE = {"relation": "public.t", "table": "things", "key": ["id"], "schedule": "daily"}
DOCUMENTS = {"table": "things", "collection": "things", "key": ["_id"], "schedule": "daily"}
CSV = {"glob": "*.csv", "format": {"csv": {}}, "table": "things", "key": ["id"], "schedule": "daily"}
BY_PAGE = {"items": "data", "page": "page"}
SINCE = {"field": "updated_at", "from": "since"}
KEY = {"secret": "s", "auth": {"header": "X-Key"}}


def rest(endpoint=None, **others):
    declared = {"kind": "rest", "url": "https://api.example", "paging": BY_PAGE, "secret": None} | others
    return declared | {"endpoints": {"things": THINGS | (endpoint or {})}}


def kind(name, url, endpoint, **others):
    return {"kind": name, "url": url, "endpoints": {"things": endpoint}} | others


@pytest.mark.parametrize(
    ("declared", "text"),
    [
        (rest({"params": {"page": "3"}}), "parameter 'page' is both in `params` and `paging.page`"),
        (rest({"path": "/things?page=3"}), "parameter 'page' is both in `path` and `paging.page`"),
        (
            rest(paging={"items": "d", "page": "p", "size": "p", "limit": 9}),
            "`paging.page` and `paging.size`",
        ),
        (rest({"time_window": SINCE | {"until": "since"}}), "`time_window.from` and `time_window.until`"),
        (rest({"time_window": SINCE, "params": {"since": "x"}}), "in `params` and `time_window.from`"),
        (rest({"params": {"k": "x"}}, secret="s", auth={"query": "k"}), "in `params` and `auth.query`"),
        (rest({"params": {"status": False}}), "'status': False is not a text; write both in quotes"),
        (rest({"headers": {"X-Version": 1}}), "'X-Version': 1 is not a text"),
        (rest({"headers": {"A": "x\ny"}}), "header 'A' cannot have the value"),
        (rest({"headers": {"A b": "x"}}), "invalid header name 'A b'"),
        (rest({"headers": {"Accept": "a", "accept": "b"}}), "'Accept' is declared twice"),
        (rest({"headers": {"x-key": "a"}}, **KEY), "remove 'x-key': the connector sets this header itself"),
        (rest({"headers": {"Range": "items=0-9"}}), "remove 'Range'"),
        (rest(url="https://me:secret@api.example"), "remove the part before @"),
        (rest(url="https://me:p/w@api.example"), "remove the part before @"),
        (rest(url="https://api.example?v=1"), r"remove what follows \? or #"),
        (rest(url="https://api.example:abc"), "invalid address 'https://api.example:abc'"),
        (rest({"path": "/things/{id}"}), "invalid character '{'"),
        (rest(paging=BY_PAGE | {"within": "body"}), "`within: body` needs `method: POST`"),
        (
            rest(
                {"method": "POST", "body": {"q": 5}}, paging={"items": "d", "page": "q.n", "within": "body"}
            ),
            "`paging.page` cannot be at 'q.n' in `body`",
        ),
        (
            rest({"method": "POST", "body": {"n": 5}}, paging={"items": "d", "page": "n", "within": "body"}),
            "'n' is both `paging.page` and in `body`",
        ),
        (rest({"unmapped": "id"}), "unmapped: 'id' is also the column of a field"),
        (rest(limits={"per_second": 1e-7}), "expected at least 0.01"),
        (
            rest({"time_window": SINCE | {"first": "0001-01-01", "bounds": "exclusive"}}),
            "first: invalid time",
        ),
        (rest({"time_window": SINCE | {"zone": "Europe"}}), "unknown time zone 'Europe'"),
        (rest() | {"endpoints": {}}, "`endpoints` is empty"),
        (kind("postgres", "postgres://me@h/d?PASSWORD=x", TABLE), "remove the password"),
        (kind("mysql", "mysql://me:p/w@h/d", TABLE), "remove the password"),
        (
            kind("mongodb", "mongodb://me@h/d?tlsCertificateKeyFilePassword=x", DOCUMENTS),
            "remove the password",
        ),
        (kind("mongodb", "mongodb://me@h/d?proxyPass%77ord=x", DOCUMENTS), "remove the password"),
        (kind("postgres", "postgres://h/d", TABLE | {"changes": {"field": "id"}}), "its name is `window`"),
        (kind("files", "s3://key:secret@b", CSV, secret="s"), "remove the part before @"),
        (kind("files", "s3://", CSV, secret="s"), "invalid address 's3://'"),
        (kind("files", "gs://b", CSV | {"format": {"csv": {"delimiter": '"'}}}), "two different characters"),
        (kind("files", "gs://b", CSV | {"format": {"csv": {"encoding": "hex"}}}), "unknown encoding 'hex'"),
        (
            kind("files", "gs://b", CSV | {"format": {"csv": {"header": False, "columns": ["id", "ID"]}}}),
            "two columns become ID, id in raw",
        ),
        (
            kind("files", "gs://b", CSV | {"format": {"csv": {"header": False, "columns": ["name"]}}}),
            "id of `key` is not among them: name",
        ),
    ],
)
def test_a_contradiction_names_the_part_and_the_remedy(declared, text):
    with pytest.raises(DeclarationError, match=text):
        registry.parse_source(declared, "things.yaml")


@pytest.fixture
def check(tmp_path):
    """A function that checks an endpoint with the given columns of its schema."""

    def check_with(columns, **endpoint):
        system = [
            {"name": "SYS_DATE_CREATE", "type": "TIMESTAMP"},
            {"name": "SYS_FILE_NAME", "type": "STRING"},
        ]
        (tmp_path / "things.json").write_text(json.dumps([*columns, *system]))
        source = registry.parse_source(rest(endpoint), "things.yaml")
        return " ".join(declaration_check.check_endpoint("things", source.endpoints["things"], tmp_path))

    return check_with


@pytest.mark.parametrize("name", ["_TABLE_x", "_file_x", "_PARTITIONTIME", "__root__x", "_CHANGE_TYPE"])
def test_names_that_bigquery_reserves(check, name):
    assert "are reserved; use `rename`" in check([{"name": name, "type": "STRING"}])


@pytest.mark.parametrize("column", [{"type": "JSON"}, {"type": "STRING", "mode": "REPEATED"}])
def test_a_key_is_one_text(check, column):
    assert "a key is one STRING" in check([{"name": "id"} | column])


def test_two_fields_cannot_become_one_column(check):
    id_column = {"name": "id", "type": "STRING"}
    assert "two fields become 'id'" in check([id_column], rename={"a": "id", "b": "id"})


@pytest.mark.parametrize("number", ["010", "-07", "1:30"])
def test_a_number_that_yaml_reads_as_another_one_is_rejected(tmp_path, number):
    path = tmp_path / "x.yaml"
    path.write_text(f"limit: {number}\n")
    with pytest.raises(ValueError, match=f"{number} at line 1 is not a decimal number"):
        load_yaml(path)
    path.write_text("[0, 10, -3, 1_000, 0x1F]\n")
    assert load_yaml(path) == [0, 10, -3, 1000, 31]


def test_yaml_that_is_nested_too_deeply_is_an_error(tmp_path):
    (tmp_path / "x.yaml").write_text("a: " + "[" * 5000 + "]" * 5000)
    with pytest.raises(DeclarationError, match="nested too deeply"):
        registry.read_source("x", tmp_path)


@pytest.mark.parametrize(
    ("keys", "value"),
    [
        ({"format": "date"}, "2026-11-27"),
        ({"format": "epoch", "resolution": "millisecond"}, 1795867198),
        ({"format": "epoch_ms", "resolution": "microsecond"}, 1795867199499),
    ],
)
def test_an_exclusive_bound_is_below_the_start_in_what_its_format_can_express(keys, value):
    """A bound `> 2026-11-28` would leave out the rest of the day on which the last run ended."""
    declared = TimeWindow(field="updated_at", start="since", bounds="exclusive", **keys)
    assert declared.parameters(parse_time("2026-11-28T11:59:59.500Z"), None) == {"since": value}


def fingerprint(declared):
    source = registry.parse_source(declared, "things.yaml")
    assert isinstance(source, RestSource)
    reader = create_reader(source, "things", Settings("", "", "", {"URL": "https://api.example"}))
    reader.client.session.close()
    return reader.fingerprint


def test_a_run_is_not_resumed_under_another_mapping_of_fields():
    """Its first pages would have other columns than its last ones."""
    changes = [
        rest({"rename": {"a": "id"}}),
        rest({"unmapped": "rest"}),
        rest({"headers": {"Accept": "application/vnd.api+json"}}),
        rest(headers={"Accept": "application/vnd.v2+json"}),
        rest(url="https://api.example/v2"),
    ]
    assert len({fingerprint(declared) for declared in [rest(), *changes]}) == 6
    same = [rest({"schedule": "hourly"}), rest(limits={"in_flight": 2})]
    assert {fingerprint(declared) for declared in same} == {fingerprint(rest())}
