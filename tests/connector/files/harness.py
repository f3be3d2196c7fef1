"""Runs of the connector over a folder of files, with a landing bucket and a warehouse in memory."""

import io
import json
from collections.abc import Callable

from obstore.store import S3Store

from connector.errors import IncompleteRun
from connector.landing.files import Landing
from connector.load.loader import KeyCounts
from connector.load.warehouse import Warehouse
from connector.run import run
from connector.run.context import RunContext
from connector.sources import registry
from connector.sources.files.ledger import Ledger
from connector.sources.files.obstore_files import open_obstore
from connector.sources.files.reader import PART_BYTES, FilesReader
from connector.sources.window import IdRange, Watermark
from runtime.structured_log import StructuredLog
from tests.fakes.memory_store import MemoryStore

SECRET = '{"access_key_id": "k", "secret_access_key": "s"}'
COLUMNS = ("id", "name", "amount", "SYS_SOURCE_FILE", "SYS_SOURCE_LINE")
ENDPOINT = {"glob": "**/*", "table": "products", "key": ["id"], "schedule": "daily", "format": {"csv": {}}}


class FakeWarehouse(Warehouse):
    """raw and ops.run_log in memory."""

    def __init__(self, store):
        self.store = store
        self.rows = []
        self.runs = []
        self.inserted = set()

    def read_watermark(self, source, endpoint):
        return Watermark()

    def stage(self, batch): ...
    def drop_staging(self, batch): ...
    def log_drift(self, rows, run, pages=()): ...
    def log_files(self, rows, run, pages=()): ...

    def check_part(self, batch, name):
        return None

    def count_keys(self, batch):
        return KeyCounts()

    def is_inserted(self, batch):
        return batch.insert_hash in self.inserted

    def insert(self, batch):
        for file in batch.files if batch.insert_hash not in self.inserted else ():
            content = self.store.objects[f"shipments/processing/{file.name}"][1]
            self.rows += [json.loads(line) for line in content.splitlines()]
        self.inserted.add(batch.insert_hash)
        return batch.rows

    def log_run(self, row, event):
        self.runs.append(row)


class FilesHarness:
    """`url` and `server` as in a declaration; `endpoint` is changed by tests before a run."""

    bucket: S3Store  # where `url` is S3's, with `put`
    put: Callable[[str, bytes], object]

    def __init__(self, url, server=""):
        self.url, self.server = url, server
        self.store = MemoryStore()
        self.warehouse = FakeWarehouse(self.store)
        self.endpoint = dict(ENDPOINT)
        self.columns = [{"name": name, "type": "STRING"} for name in COLUMNS]
        self.secret = SECRET
        self.part_bytes = PART_BYTES
        self.clock = 1_795_246_443_000
        self.log = io.StringIO()

    def reader(self, retries=0):
        source = self.parse()
        secret = self.secret if self.url.startswith("s3:") else ""
        store = open_obstore(self.url, self.server, source.region, secret, retries)
        ledger = Ledger(self.store, "shipments")
        seconds = self.clock / 1000
        endpoint = source.endpoints["shipments"]
        return FilesReader(store, ledger, endpoint, self.columns, 2, lambda: seconds, self.part_bytes)

    def parse(self):
        declared = {"kind": "files", "url": self.url, "endpoints": {"shipments": self.endpoint}}
        if self.url.startswith("s3:"):
            declared |= {"secret": "catalogue-s3", "endpoint": self.server}
        return registry.parse_source(declared, "catalogue.yaml")

    def copy(self, reader=None):
        """One run; the rows that it brought into raw."""
        before = len(self.warehouse.rows)
        self.clock += 60_000
        moment = self.clock
        context = RunContext(
            name="shipments",
            endpoint=self.parse().endpoint("shipments"),
            reader=reader or self.reader(),
            landing=Landing(self.store, "shipments"),
            store=self.store,
            warehouse=self.warehouse,
            log=StructuredLog(self.log),
            now=lambda: moment,
        )
        run.copy(context, IdRange())
        return self.warehouse.rows[before:]

    def copy_incomplete(self, reader=None):
        """One run that must end as incomplete: its rows, and the message."""
        before = len(self.warehouse.rows)
        try:
            self.copy(reader)
        except IncompleteRun as error:
            return self.warehouse.rows[before:], str(error)
        raise AssertionError("the run was complete")

    def plan(self):
        return self.reader().make_plan(IdRange())

    def rejects(self):
        names = self.store.names("shipments/rejects/")
        return [
            json.loads(line) for name in names for line in self.store.objects[name][1].decode().splitlines()
        ]

    @property
    def notes(self):
        return self.warehouse.runs[-1].notes or ""


def values(rows, *names):
    """The rows without the columns of the connector, sorted."""
    return sorted(tuple(row.get(name) for name in names) for row in rows)
