"""Output of Spark batches: only complete runs are loaded, once, with their rejects; the declaration of `prepare`."""

import json

import pytest

from connector.declaration_check import check_endpoint
from connector.errors import DeclarationError, SourceUnavailable
from connector.settings import Settings
from connector.sources import registry
from connector.sources.files.assembly import create_reader
from connector.sources.files.config import FilesSource
from connector.sources.files.ledger import Ledger
from connector.sources.files.prepared import PreparedFiles, loaded_endpoint
from connector.sources.files.reader import FilesReader
from tests.connector.files.harness import FilesHarness, values
from tests.fakes.memory_store import MemoryStore

DECLARED = {
    "prepare": "spark",
    "glob": "*.log.gz",
    "format": {"text": {}},
    "table": "products",
    "key": ["id"],
    "schedule": "daily",
}
FIRST, SECOND = "20260301T060000Z-a", "20260302T060000Z-a"


@pytest.fixture
def bucket():
    return MemoryStore()


class PreparedHarness(FilesHarness):
    """Runs of the connector over the output in `bucket`."""

    def __init__(self, url, bucket):
        super().__init__(url)
        self.bucket_of_batches = bucket

    def reader(self, retries=0):
        ledger = Ledger(self.store, "shipments")
        output = PreparedFiles(self.bucket_of_batches, "runs/shipments/", ledger)
        return FilesReader(output, ledger, loaded_endpoint(parse().endpoints["shipments"]), self.columns)


@pytest.fixture
def prepared(bucket, folder):
    return PreparedHarness(folder.as_uri() + "/", bucket)


def parse(**others):
    declared = {"kind": "files", "url": "gs://logs/web/", "endpoints": {"shipments": DECLARED | others}}
    source = registry.parse_source(declared, "logs.yaml")
    assert isinstance(source, FilesSource)
    return source


def write(bucket, run, files, success=True, sizes=None):
    """`files`: rows by the number of the part."""
    contents = {
        f"rows/part-{n:05}.json": "".join(json.dumps(row) + "\n" for row in rows) for n, rows in files.items()
    }
    for name, text in contents.items():
        bucket.create(f"runs/shipments/{run}/{name}", text.encode())
    if success:
        listed = {name: len(text) for name, text in contents.items()} | (sizes or {})
        content = json.dumps({"files": listed, "written": 1, "rejected": 0, "inputs": {}})
        bucket.create(f"runs/shipments/{run}/_SUCCESS", content.encode())


def test_complete_runs_are_loaded_once(bucket, prepared):
    write(bucket, FIRST, {0: [{"id": "1", "name": "a"}], 1: [{"id": "2", "amount": 3.50}]})
    assert values(prepared.copy(), "id", "name", "amount") == [("1", "a", None), ("2", None, "3.5")]
    assert prepared.copy() == []
    write(bucket, SECOND, {0: [{"id": "3"}]})
    [row] = prepared.copy()
    assert (row["id"], row["SYS_SOURCE_FILE"]) == ("3", f"{SECOND}/rows/part-00000.json")


def test_a_run_without_its_marker_is_not_read(bucket, prepared):
    write(bucket, FIRST, {0: [{"id": "1"}]})
    write(bucket, SECOND, {0: [{"id": "2"}]}, success=False)
    assert values(prepared.copy(), "id") == [("1",)]
    bucket.create(f"runs/shipments/{SECOND}/_SUCCESS", b'{"files": {"rows/part-00000.json": 12}}')
    assert values(prepared.copy(), "id") == [("2",)]


@pytest.mark.parametrize("sizes", [{"rows/part-00001.json": 5}, {"rows/part-00000.json": 11}])
def test_a_run_that_lacks_what_its_marker_lists_is_not_loaded_in_part(bucket, prepared, sizes):
    write(bucket, FIRST, {0: [{"id": "1"}]}, sizes=sizes)
    [name] = sizes
    with pytest.raises(
        SourceUnavailable, match=rf"first {name}\. Delete the _SUCCESS of this run and of later ones"
    ):
        prepared.copy()
    assert prepared.warehouse.rows == []


def test_a_marker_of_something_else_is_an_error(bucket, prepared):
    write(bucket, FIRST, {0: [{"id": "1"}]}, success=False)
    bucket.create(f"runs/shipments/{FIRST}/_SUCCESS", b"")
    with pytest.raises(SourceUnavailable, match="is not that of a batch"):
        prepared.copy()


def test_without_a_complete_run_nothing_is_reported_as_copied(bucket, prepared):
    with pytest.raises(SourceUnavailable, match="no batch has completed below .*runs/shipments/"):
        prepared.copy()
    write(bucket, FIRST, {})
    assert prepared.copy() == []  # a batch without new files


def test_rejects_have_their_reason_and_their_line(bucket, prepared):
    reject = {"line": "?", "SYS_REJECT_REASON": "not a line of the log"}
    write(bucket, FIRST, {0: [{"id": "1"}, reject, {"id": "2"}]})
    assert values(prepared.copy(), "id") == [("1",), ("2",)]
    [rejected] = prepared.rejects()
    assert (rejected["number"], rejected["reason"]) == (2, "not a line of the log")
    assert json.loads(rejected["line"]) == reject
    assert "1 rows of" in prepared.notes


def test_a_row_without_the_reason_is_loaded(bucket, prepared):
    """In other files a field of this name is a field like others."""
    write(bucket, FIRST, {0: [{"id": "1", "reason": "SYS_REJECT_REASON"}]})
    assert values(prepared.copy(), "id") == [("1",)]


def test_the_bucket_comes_from_the_settings(bucket):
    variables = {"URL": "gs://logs/web/", "PREPARED": "gs://p-spark/runs/"}
    settings = Settings("p", "EU", "landing", variables, source_name="logs")
    opened = []

    def open_bucket(name):
        opened.append(name)
        return bucket

    bucket.create("runs/logs/shipments/20260301/_SUCCESS", b'{"files": {}}')
    reader = create_reader(parse(), "shipments", settings, open_bucket, [])
    assert list(reader.store.list_files("")) == []
    assert opened == ["landing", "p-spark"]


def test_a_source_that_is_prepared_has_one_more_variable():
    assert parse().variables() == {"URL": "gs://logs/web/", "ENDPOINT": "", "PREPARED": None}
    assert "PREPARED" not in parse(prepare=None, format={"csv": {}}).variables()


@pytest.mark.parametrize(
    ("others", "text"),
    [
        ({"prepare": "beam"}, "prepare"),
        ({"format": {"ndjson": {}}}, "with `prepare: spark` expected one of avro, binaryFile, csv, json"),
        ({"format": {"csv": {}, "text": {}}}, "with `prepare: spark` expected one of"),
        ({"glob": "**/*.log"}, "Hadoop has no `**`"),
        ({"glob": "../*.log"}, "must be relative"),
        ({"rename": {"a": "b"}}, "remove `rename` and `settle`"),
        ({"settle": 5}, "remove `rename` and `settle`"),
        ({"prepare": None, "format": {"csv": {}}, "keeps_rows": True}, "remove `keeps_rows`"),
    ],
)
def test_errors_of_an_endpoint(others, text):
    with pytest.raises(DeclarationError, match=r"endpoints\.shipments") as error:
        parse(**others)
    assert text in str(error.value)


def test_spark_reads_only_cloud_storage():
    declared = {"kind": "files", "url": "s3://logs/", "endpoints": {"shipments": DECLARED}}
    with pytest.raises(DeclarationError, match=r"prepare: Spark reads gs:// only, not s3://logs/"):
        registry.parse_source(declared, "logs.yaml")


@pytest.mark.parametrize(
    ("code", "problem"),
    [
        (None, "does not exist; write its function transform(frame)."),
        ("def transform(", "is not Python: "),
        ("def other(frame): ...", "has no function transform(frame)."),
        ("def transform(frame):\n    return frame", ""),
    ],
)
def test_the_transformation_is_checked_without_spark(tmp_path, code, problem):
    schemas, folder = tmp_path / "schemas", tmp_path / "transformations"
    schemas.mkdir()
    folder.mkdir()
    types = {"id": ("STRING", "NULLABLE"), "SYS_DATE_CREATE": ("TIMESTAMP", "REQUIRED")}
    types |= {"SYS_FILE_NAME": ("STRING", "REQUIRED")}
    columns = [
        {"name": name, "type": kind, "mode": mode, "description": "x"} for name, (kind, mode) in types.items()
    ]
    (schemas / "products.json").write_text(json.dumps(columns))
    if code is not None:
        (folder / "products.py").write_text(code)
    problems = [
        each
        for each in check_endpoint("logs.yaml", parse().endpoints["shipments"], schemas)
        if "prepare" in each
    ]
    assert len(problems) == bool(problem) and problem in "".join(problems)
