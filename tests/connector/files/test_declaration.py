"""A declaration is complete, or rejected with the file, the key and what is allowed."""

import pytest

from connector.errors import DeclarationError
from connector.sources import registry
from connector.sources.files.config import FilesEndpoint
from tests.connector.files.harness import ENDPOINT


def parse(**others):
    source = {"kind": "files", "url": "s3://shop/x/", "endpoints": {"shipments": ENDPOINT}} | others
    return registry.parse_source(source, "catalogue.yaml")


def parse_endpoint(**others):
    return parse(endpoints={"shipments": ENDPOINT | others})


def test_a_minimal_declaration():
    source = parse(secret="catalogue-s3", endpoint="http://minio:9000")
    assert source.variables() == {"URL": "s3://shop/x/", "ENDPOINT": "http://minio:9000", "API_KEY": None}
    assert source.endpoint("shipments").settle == 0


@pytest.mark.parametrize(
    ("others", "text"),
    [
        ({"url": "ftp://x"}, "url"),
        ({"url": "file:///x", "secret": "s"}, "remove `secret`: only s3:// needs keys"),
        ({"endpoint": "minio:9000"}, "endpoint"),
        ({"connections": 0}, "connections"),
    ],
)
def test_errors_of_the_source(others, text):
    with pytest.raises(DeclarationError, match="catalogue.yaml") as error:
        parse(**others)
    assert text in str(error.value)


@pytest.mark.parametrize(
    ("others", "text"),
    [
        ({"format": {}}, "expected one of csv, ndjson, json, parquet"),
        ({"format": {"xml": {}}}, "expected one of csv, ndjson, json, parquet"),
        ({"format": {"csv": {}, "json": {}}}, "expected one of csv"),
        ({"format": {"csv": {"delimiter": ";;"}}}, "endpoints.shipments.format.csv"),
        ({"format": {"csv": {"encoding": "latin-99"}}}, "unknown encoding 'latin-99'"),
        ({"format": {"csv": {"header": False}}}, "`header: false` requires `columns`"),
        ({"format": {"csv": {"columns": ["id"]}}}, "remove `columns`"),
        ({"format": {"csv": {"seperator": ";"}}}, "Allowed here: delimiter, encoding, quote, null"),
        ({"format": {"csv": {None: ["-"]}}}, 'write "null" in quotes'),
        ({"glob": "/a/*.csv"}, "must be relative"),
        ({"glob": "../*.csv"}, "must be relative"),
        ({"window": {"field": "a", "from": "b", "until": "c", "last": "d"}}, "remove `window`"),
        ({"glob": "a.json", "format": {"json": {}}, "tasks": 2}, "remove `tasks`: 'a.json' is one file"),
        ({"glob": "a.parquet", "format": {"parquet": {}}, "tasks": 8}, "remove `tasks`"),
    ],
)
def test_errors_of_an_endpoint(others, text):
    with pytest.raises(DeclarationError, match="endpoints.shipments") as error:
        parse_endpoint(**others)
    assert text in str(error.value)


@pytest.mark.parametrize(
    ("glob", "kind"), [("*.json", "json"), ("a.csv", "csv"), ("a.ndjson", "ndjson"), ("?.parquet", "parquet")]
)
def test_several_files_or_the_lines_of_one_are_shared_by_tasks(glob, kind):
    assert parse_endpoint(glob=glob, format={kind: {}}, tasks=8).endpoint("shipments").glob == glob


@pytest.mark.parametrize(
    ("glob", "prefix"),
    [("*.csv", ""), ("a/b/*.csv", "a/b"), ("a/*/c.csv", "a"), ("a/b.csv", "a"), ("**/*.csv", "")],
)
def test_only_folders_before_the_first_wildcard_are_listed(glob, prefix):
    endpoint = FilesEndpoint(table="t", key=["id"], schedule="daily", glob=glob, format={"csv": {}})
    assert endpoint.prefix == prefix
