"""A Google Cloud project for tests: datasets, tables and a bucket in the sandbox."""

import io
import json
import uuid
from dataclasses import dataclass, field
from pathlib import Path

from google.auth.credentials import AnonymousCredentials
from google.cloud import bigquery

from connector.landing.files import Landing
from connector.load.bigquery_jobs import BigQueryJobs
from connector.load.warehouse import Warehouse
from connector.run import run
from connector.run.context import RunContext
from connector.run.replay import parse_selection
from connector.settings import Settings
from connector.sources import registry, window
from connector.sources.rest import reader
from connector.sources.rest.config import RestSource
from runtime.google_api import ApiClient
from runtime.http_session import open_session
from runtime.object_store import OK_STATUSES, ObjectStore
from runtime.retry import RetryPolicy
from runtime.structured_log import StructuredLog
from sandbox.state import PROJECT
from tests.fakes.retail_api import KEY, FakeRetailApi

ROOT = Path(__file__).parents[2]
TABLES = {
    "raw.sales": "connector/schemas/sales.json",
    "raw.products": "connector/schemas/products.json",
    "ops.run_log": "modules/warehouse/ops/run_log.json",
    "ops.drift": "modules/warehouse/ops/drift.json",
    "ops.file_log": "modules/warehouse/ops/file_log.json",
}


@dataclass
class Project:
    """`address` is that of the sandbox. Each run has its own clients, as a process has."""

    address: str
    name: str
    shop: FakeRetailApi | None = None
    bucket_name: str = field(default_factory=lambda: f"test-{uuid.uuid4().hex[:12]}")
    output: io.StringIO = field(default_factory=io.StringIO)
    clock: int = 1_795_246_443_000

    def __post_init__(self):
        self.sessions = []
        retail = registry.read_source("retail")
        assert isinstance(retail, RestSource)
        self.source = retail
        at = {"api_endpoint": self.address}
        self.bigquery = bigquery.Client(self.name, AnonymousCredentials(), client_options=at, location="EU")
        self.sessions.append(self.bigquery._http)
        _, self.bucket = self.clients()

    def clients(self, adapter=None):
        http, credentials = open_session(32), AnonymousCredentials()
        retry = RetryPolicy(attempts=8, sleep=lambda seconds: None)
        job_retry = RetryPolicy(attempts=4, sleep=lambda seconds: None)
        if adapter:
            http.mount("http://", adapter)
        self.sessions.append(http)
        client = bigquery.Client(
            self.name, credentials, client_options={"api_endpoint": self.address}, location="EU", _http=http
        )
        storage = ApiClient(http, credentials, self.address, OK_STATUSES, retry)
        return BigQueryJobs(client, job_retry, retry), ObjectStore(storage, self.bucket_name)

    def close(self):
        for each in self.sessions:
            each.close()

    def provision(self):
        """Create the datasets and tables that Terraform creates."""
        for dataset in ("raw", "staging", "ops"):
            self.bigquery.create_dataset(dataset)
        for table, file in TABLES.items():
            self.create_table(table, json.loads((ROOT / file).read_text()))

    def create_table(self, table, columns):
        """Empty; instead of a table of this name that another module created with its own columns."""
        schema = [bigquery.SchemaField.from_api_repr(column) for column in columns]
        self.bigquery.delete_table(f"{self.name}.{table}", not_found_ok=True)
        self.bigquery.create_table(bigquery.Table(f"{self.name}.{table}", schema=schema))

    def clear(self):
        """Empty the tables and create a bucket; it belongs to the sandbox's project."""
        self.rows(";".join(f"TRUNCATE TABLE {table}" for table in TABLES))
        response = self.bucket.api.send(
            "POST", "/storage/v1/b", {"project": PROJECT}, json.dumps({"name": self.bucket_name}).encode()
        )
        response.raise_for_status()

    def context(self, name="sales", key=KEY, adapter=None, **others):
        """The context of one process. `adapter` is between it and Google's APIs."""
        source = self.source
        assert self.shop is not None
        jobs, store = self.clients(adapter)
        settings = Settings(self.name, "EU", store.bucket, {"URL": self.shop.url, "API_KEY": key})
        pages = reader.create_reader(source, name, settings, lambda: RetryPolicy(sleep=lambda seconds: None))
        self.sessions.append(pages.client.session)
        self.clock += 60_000
        moment = self.clock
        return RunContext(
            name=name,
            endpoint=source.endpoint(name),
            reader=pages,
            landing=Landing(store, name),
            store=store,
            warehouse=Warehouse(jobs, store.bucket),
            log=StructuredLog(self.output, endpoint=name),
            now=lambda: moment,
            **{"sleep": lambda seconds: None} | others,
        )

    def copy(self, name="sales", start=None, end=None, **others):
        context = self.context(name, **others)
        run.copy(context, window.parse_range(name, context.endpoint.window, start, end))

    def replay(self, *files, name="sales", day=None, **others):
        run.replay_files(self.context(name, **others), parse_selection(files, day))

    def rows(self, sql):
        return [tuple(row.values()) for row in self.bigquery.query_and_wait(sql)]

    def ids(self):
        """All ids in raw.sales, including duplicates."""
        return [
            None if i is None else int(i)
            for (i,) in self.rows("SELECT id FROM raw.sales ORDER BY CAST(id AS INT64)")
        ]

    def log(self, columns="status, window_from, window_until, pages, files, rows_loaded"):
        return self.rows(f"SELECT {columns} FROM ops.run_log ORDER BY started_at, finished_at")

    def remaining(self):
        """Objects that a finished run must not leave behind."""
        names = [item.name for item in self.bucket.list("")]
        permanent = ("/archive/", "/failed/", "/rejects/", "/shape.json")
        return [name for name in names if not any(part in name for part in permanent)]

    def failed(self):
        return [item.name for item in self.bucket.list("") if "/failed/" in item.name]

    def repair(self, name, bad, good):
        """Make a failed file loadable. In production the schema would change; here the file does."""
        [item] = self.bucket.list(name)
        content = self.bucket.read(name, self.bucket.generation(name))
        self.bucket.delete(name)
        self.bucket.create(name, content.replace(bad, good), item.metadata)

    def lines(self):
        return [json.loads(line) for line in self.output.getvalue().splitlines()]


def sale(number, **more):
    return {
        "id": number,
        "datetime": f"2017-01-01T{number % 24:02d}:00:00Z",
        "customer_id": 900,
        "store_id": 330,
        "items": [{"product_sku": "1095275", "quantity": 1, "amount": 0.5}],
    } | more


def sales(first, last):
    return [sale(number) for number in range(first, last + 1)]
