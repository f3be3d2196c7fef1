"""The three kinds of stores, and what their failures say."""

import http.server
import threading
import time
import uuid
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import google.oauth2.credentials
import pytest
from google.auth.credentials import AnonymousCredentials

from connector.errors import KeyRejected, RequestRejected, SourceUnavailable
from connector.settings import Settings
from connector.sources import registry
from connector.sources.files.assembly import create_reader
from connector.sources.files.config import FilesSource
from connector.sources.files.google_files import GoogleFiles
from connector.sources.files.ledger import Ledger
from connector.sources.files.obstore_files import open_obstore
from connector.sources.files.position import parse_position
from connector.sources.files.reader import FilesReader, matches
from connector.sources.window import IdRange
from runtime.errors import SettingsError
from runtime.google_api import ApiClient
from runtime.http_session import open_session
from runtime.object_store import OK_STATUSES, ObjectStore
from sandbox.state import PROJECT
from tests.connector.files.harness import ENDPOINT, FilesHarness, values
from tests.fakes.memory_store import MemoryStore
from tests.sandbox.iam.project import Project


def test_more_files_than_one_page_of_a_listing(s3):
    s3.endpoint["glob"] = "2026/*/*.csv"
    for n in range(1005):
        s3.put(f"2026/{n % 7}/{n}.csv", b"id,name\n")
    assert len(s3.plan().parts) == 1005


@pytest.mark.parametrize("name", ["a b.csv", "ä+é%20.csv", "x=1/[1].csv"])
@pytest.mark.parametrize("kind", ["local", "s3"])
def test_unusual_names(kind, name, request, folder):
    harness = request.getfixturevalue(kind)
    if kind == "local":
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_bytes(b"id,name\n1,x\n")
    else:
        harness.put(name, b"id,name\n1,x\n")
    assert values(harness.copy(), "id", "SYS_SOURCE_FILE") == [("1", name)]


def test_a_local_name_that_obstore_does_not_list_is_reported(local, folder):
    """As the copies of some programs are called; without a message their rows would never be read."""
    (folder / "in").mkdir()
    for name in ("in/a.csv", "in/a.csv#1", "in/b#2.csv"):
        (folder / name).write_bytes(b"id,name\n1,x\n")
    local.endpoint["glob"] = "in/*"
    rows, message = local.copy_incomplete()
    assert values(rows, "SYS_SOURCE_FILE") == [("in/a.csv",), ("in/b#2.csv",)]
    assert "in/a.csv#1: a name that ends in # and digits" in message
    assert local.copy() == []


def test_a_local_name_that_is_not_utf8(local, folder):
    (folder / "a\udcff.csv").write_bytes(b"id,name\n1,x\n")
    with pytest.raises(RequestRejected, match="or is not UTF-8"):
        local.copy()


def test_a_missing_bucket(s3_server):
    with pytest.raises(RequestRejected, match="s3://no-such-bucket/ does not exist"):
        FilesHarness("s3://no-such-bucket/", s3_server).copy()


def test_a_missing_folder(tmp_path):
    with pytest.raises(RequestRejected, match="the folder /.*/none of file:///.*/none does not exist"):
        FilesHarness((tmp_path / "none").as_uri()).copy()


def test_an_unreachable_server():
    with pytest.raises(SourceUnavailable, match="could not list s3://exports/"):
        FilesHarness("s3://exports/", "http://127.0.0.1:9").copy()


LISTING = """<?xml version="1.0"?><ListBucketResult><Name>b</Name><KeyCount>1</KeyCount><IsTruncated>false</IsTruncated>
<Contents><Key>a.csv</Key><LastModified>2026-01-01T00:00:00.000Z</LastModified><ETag>"e"</ETag><Size>%d</Size></Contents>
</ListBucketResult>"""


@pytest.fixture
def cutting_s3(request):
    """A server that closes the connection after a third of the body, the first `request.param` times."""
    content = b"id,name\n" + b"1,x\n" * 1000
    cuts = [request.param]

    class Server(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self):
            is_list = "list-type" in self.path
            first, last = (
                (0, len(content) - 1)
                if is_list
                else map(int, self.headers["Range"].removeprefix("bytes=").split("-"))
            )
            body = LISTING.encode() % len(content) if is_list else content[first : last + 1]
            self.send_response(200 if is_list else 206)
            self.send_header("Content-Length", str(len(body)))
            if not is_list:
                self.send_header("Content-Range", f"bytes {first}-{last}/{len(content)}")
                self.send_header("ETag", '"e"')
                self.send_header("Last-Modified", "Thu, 01 Jan 2026 00:00:00 GMT")
            self.end_headers()
            is_cut = not is_list and cuts[0] > 0
            self.wfile.write(body[: len(body) // 3] if is_cut else body)
            if is_cut:
                cuts[0] -= 1
                self.close_connection = True

        def log_message(self, format, *args): ...

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Server) as server:
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        yield FilesHarness("s3://b/", f"http://127.0.0.1:{server.server_address[1]}")
        server.shutdown()


@pytest.mark.parametrize("cutting_s3", [1], indirect=True)
def test_a_body_that_is_cut(cutting_s3):
    """The rest is requested again."""
    assert len(cutting_s3.copy(cutting_s3.reader(retries=1))) == 1000


@pytest.mark.parametrize("cutting_s3", [5], indirect=True)
def test_a_body_that_is_cut_every_time(cutting_s3):
    with pytest.raises(SourceUnavailable, match="could not read s3://b/a.csv"):
        cutting_s3.copy(cutting_s3.reader(retries=1))
    assert cutting_s3.warehouse.rows == []


def test_wrong_keys():
    body = b"<Error><Code>InvalidAccessKeyId</Code><Message>unknown key</Message></Error>"

    class Forbidden(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(403)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *arguments): ...

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Forbidden) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        with pytest.raises(KeyRejected, match="Add a correct version of the secret") as error:
            FilesHarness("s3://exports/", f"http://127.0.0.1:{server.server_port}").copy()
        server.shutdown()
    assert "secret_access_key" not in str(error.value)


@pytest.mark.parametrize("secret", ["hunter2", '{"access_key_id": "k"}', "[]"])
def test_a_secret_that_is_not_a_pair_of_keys(secret):
    with pytest.raises(SettingsError, match='must be JSON: {"access_key_id"') as error:
        open_obstore("s3://exports/", "", "eu-west-3", secret)
    assert "hunter2" not in str(error.value)


def test_cloud_storage(sandbox):
    """Files in one bucket, the ledger in another; an overwritten file has another generation."""
    session = open_session(2)
    api = ApiClient(session, AnonymousCredentials(), sandbox.address, OK_STATUSES)
    for name in ("files-exports", "files-landing"):
        body = f'{{"name": "{name}"}}'.encode()
        api.send("POST", "/storage/v1/b", {"project": PROJECT}, body).raise_for_status()
    exports = ObjectStore(api, "files-exports")
    exports.create("shop/a b.csv", b"id,name\n1,x\n")
    exports.create("other/b.csv", b"id,name\n2,x\n")
    declared = {"kind": "files", "url": "gs://files-exports/shop/", "endpoints": {"shipments": ENDPOINT}}
    source = registry.parse_source(declared, "catalogue.yaml")
    assert isinstance(source, FilesSource)
    settings = Settings("", "", "files-landing", {"URL": source.url, "ENDPOINT": ""})
    with session:
        reader = create_reader(source, "shipments", settings, lambda name: ObjectStore(api, name), [])
        plan = reader.make_plan(IdRange())
        [position] = plan.parts
        written = parse_position(position).file.modified  # orders two files with versions of one row
        assert 0 <= time.time() - written < 600
        assert reader.read_part(position, "f").lines == b'{"id":"1","name":"x","SYS_FILE_NAME":"f"}\n'
        reader.on_loaded(plan, (), ())
        assert reader.make_plan(IdRange()).parts == ()
        exports.replace("shop/a b.csv", b"id,name\n1,y\n", exports.generation("shop/a b.csv"))
        with pytest.raises(SourceUnavailable, match="a b.csv was overwritten"):
            reader.read_part(position, "f")
        assert len(reader.make_plan(IdRange()).parts) == 1


class CountingBucket(MemoryStore):
    """Counts the downloads of each object."""

    def __init__(self):
        super().__init__()
        self.downloads = Counter[str]()

    def url_of(self, name):
        return f"gs://exports/{name}"

    def read(self, name, generation):
        self.downloads[name] += 1
        return super().read(name, generation)


@pytest.mark.parametrize(
    "name", ["/a.csv", "//a.csv", "in//a.csv", "a#b?c+d%20.csv", "a\x01b.csv", "e\u0301.csv"]
)
def test_unusual_names_of_cloud_storage(sandbox, name):
    """Also those that no local folder has, and that obstore does not read from S3."""
    session = open_session(1)
    api = ApiClient(session, AnonymousCredentials(), sandbox.address, OK_STATUSES)
    bucket = f"odd-{uuid.uuid4().hex[:12]}"
    body = f'{{"name": "{bucket}"}}'.encode()
    api.send("POST", "/storage/v1/b", {"project": PROJECT}, body).raise_for_status()
    harness = FilesHarness(f"gs://{bucket}/shop/")
    exports = ObjectStore(api, bucket)
    exports.create(f"shop/{name}", b"id,name\n1,x\n")
    exports.create("shop/folder/", b"")
    harness.endpoint["glob"] = "**/*.csv"
    source = harness.parse()
    endpoint = source.endpoints["shipments"]
    ledger = Ledger(harness.store, "shipments")
    with session:
        store = GoogleFiles(exports, "shop/")
        for expected in ([("1", name)], []):
            rows = harness.copy(FilesReader(store, ledger, endpoint, harness.columns))
            assert values(rows, "id", "SYS_SOURCE_FILE") == expected


def test_a_bucket_of_cloud_storage_that_does_not_exist_or_is_not_granted(sandbox):
    project, bucket = Project(sandbox), f"odd-{uuid.uuid4().hex[:12]}"
    account = project.account(f"odd-{uuid.uuid4().hex[:12]}")
    session = open_session(1)

    def list_all(credentials):
        api = ApiClient(session, credentials, sandbox.address, OK_STATUSES)
        list(GoogleFiles(ObjectStore(api, bucket), "shop/").list_files(""))

    with session:
        with pytest.raises(
            RequestRejected, match=rf"gs://{bucket}/shop/ does not exist. Check the bucket's name"
        ):
            list_all(AnonymousCredentials())
        project.create_bucket(bucket)
        with pytest.raises(KeyRejected, match=r"ask the owner of the bucket for roles/storage\.objectViewer"):
            list_all(google.oauth2.credentials.Credentials(f"sandbox.{account}"))


@pytest.mark.parametrize(
    ("key", "glob"),
    [("/a.csv", "*.csv"), ("e\u0301.csv", "\u00e9.csv"), ("\u00e9.csv", "e\u0301*"), ("//in/a.csv", "in/*")],
)
def test_names_that_a_glob_matches(key, glob):
    assert matches(key, glob)


def test_a_large_file_of_cloud_storage_is_downloaded_once_for_all_its_parts():
    rows = [f"{number},{'x' * 90}\r\n" for number in range(60_000)]
    bucket, landing = CountingBucket(), CountingBucket()
    bucket.create("large.csv", ("id,name\r\n" + "".join(rows)).encode())
    declared = {"kind": "files", "url": "gs://exports/", "endpoints": {"shipments": ENDPOINT}}
    source = registry.parse_source(declared, "catalogue.yaml")
    assert isinstance(source, FilesSource)
    store = GoogleFiles(bucket, "", 2)
    reader = FilesReader(store, Ledger(landing, "catalogue/shipments"), source.endpoints["shipments"], [])
    plan = reader.make_plan(IdRange())
    assert len(plan.parts) > 1
    with ThreadPoolExecutor(2) as pool:
        parts = list(pool.map(lambda position: reader.read_part(position, "f"), plan.parts))
    assert sum(part.rows for part in parts) == len(rows)
    assert bucket.downloads == {"large.csv": 1}
