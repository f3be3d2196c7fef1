"""A company without its own sandbox: the connector and the compiled SQL on a project of a running sandbox.

The declarations are those of `demo/companies/<name>/declarations`; runs of the connector are in this process, so that a
test can change clocks and cut connections.
"""

import io
import json
import shutil
import uuid
from typing import Any

from google.auth.credentials import AnonymousCredentials
from google.cloud import bigquery

from connector.landing.files import Landing
from connector.load.bigquery_jobs import BigQueryJobs
from connector.load.warehouse import Warehouse as Raw
from connector.raw_schema import read_columns
from connector.run import run
from connector.run.context import RunContext, now_milliseconds
from connector.settings import Settings
from connector.sources import registry
from connector.sources.database.reader import TableReader
from connector.sources.files.assembly import create_reader as create_files_reader
from connector.sources.mongodb.reader import MongoReader
from connector.sources.mongodb.reader import create_reader as create_mongodb_reader
from connector.sources.mysql.reader import create_reader as create_mysql_reader
from connector.sources.postgres.reader import create_reader as create_postgres_reader
from connector.sources.rest.reader import RestReader
from connector.sources.rest.reader import create_reader as create_rest_reader
from connector.sources.window import IdRange, parse_range, window_of
from demo.companies.rows import compare_rows
from runtime.google_api import ApiClient
from runtime.http_session import open_session
from runtime.object_store import OK_STATUSES, ObjectStore
from runtime.retry import RetryPolicy
from runtime.structured_log import StructuredLog
from sandbox.state import PROJECT
from tests.dataform.engines.project import ROOT, Project, lay_out
from tests.dataform.engines.runner import Runner
from tests.dataform.engines.warehouse import LOGS, Warehouse, log_fields

COMPANIES = ROOT / "demo" / "companies"
GENERIC = {"checkpoints", "file_reads", "file_log", "run_log", "quality_results"}
LOG_TABLES = (*LOGS, "drift")
DAY = 24 * 3600 * 1000


def lay_out_company(name, folder, project="p"):
    """The Dataform project of a company: the includes, the generic models, and its own."""
    laid_out = lay_out(folder, project)
    for path in (folder / "definitions").glob("*/*.sqlx"):
        if path.stem not in GENERIC:
            path.unlink()
    shutil.copytree(COMPANIES / name / "declarations" / "dataform", folder, dirs_exist_ok=True)
    return Project(folder, laid_out.id)


class System:
    """`variables` are the environment of the job connector; `secrets` by source. `day` is how many days have passed."""

    def __init__(self, address, name, graph, variables, secrets):
        self.address, self.variables, self.secrets, self.day, self.last = address, variables, secrets, 0, 0
        declarations = COMPANIES / name / "declarations"
        self.schemas = declarations / "connector" / "schemas"
        self.sources = registry.read_all_sources(declarations / "connector" / "sources")
        self.project = f"t{uuid.uuid4().hex[:12]}"
        self.output = io.StringIO()
        self.sessions = []
        self.client = self.open_client()
        self.bucket = self.open_bucket()
        self.provision()
        self.runner = Runner(Warehouse(self.client), graph)

    def open_session(self):
        self.sessions.append(open_session(32))
        return self.sessions[-1]

    def open_client(self):
        options = {"api_endpoint": self.address}
        return bigquery.Client(
            self.project,
            AnonymousCredentials(),
            client_options=options,
            location="EU",
            _http=self.open_session(),
        )

    def open_bucket(self, name=None):
        retry = RetryPolicy(attempts=8, sleep=lambda seconds: None)
        api = ApiClient(self.open_session(), AnonymousCredentials(), self.address, OK_STATUSES, retry)
        return ObjectStore(api, name or f"{self.project}-landing")

    def provision(self):
        for dataset in ("raw", "staging", "ops"):
            self.client.create_dataset(dataset)
        tables = {f"raw.{path.stem}": json.loads(path.read_text()) for path in self.schemas.glob("*.json")}
        for table, fields in (tables | {f"ops.{name}": log_fields(name) for name in LOG_TABLES}).items():
            schema = [bigquery.SchemaField.from_api_repr(field) for field in fields]
            created = bigquery.Table(f"{self.project}.{table}", schema)
            if table.startswith("raw."):
                created.time_partitioning = bigquery.TimePartitioning(field="SYS_DATE_CREATE")
            self.client.create_table(created)
        body = json.dumps({"name": self.bucket.bucket}).encode()
        self.bucket.api.send("POST", "/storage/v1/b", {"project": PROJECT}, body).raise_for_status()

    def close(self):
        for session in self.sessions:
            session.close()

    def create_reader(self, source_name, name):
        source: Any = self.sources[source_name]
        columns = read_columns(source.endpoints[name].table, self.schemas)
        environ = self.variables | {f"{source_name.upper()}_API_KEY": self.secrets.get(source_name, "")}
        values = {
            key: environ.get(f"{source_name.upper()}_{key}", default or "")
            for key, default in source.variables().items()
        }
        settings = Settings(self.project, "EU", self.bucket.bucket, values, source_name=source_name)
        match source.kind:
            case "files":
                return create_files_reader(source, name, settings, self.open_bucket, columns)
            case "mongodb":
                return create_mongodb_reader(source, name, settings, columns)
            case "mysql":
                return create_mysql_reader(source, name, settings, columns)
            case "postgres":
                return create_postgres_reader(source, name, settings, columns)
        return create_rest_reader(source, name, settings, lambda: RetryPolicy(sleep=lambda seconds: None))

    def context(self, source_name, name, **others):
        self.last = max(self.last + 1, now_milliseconds() + self.day * DAY)
        moment = self.last
        retry = RetryPolicy(attempts=4, sleep=lambda seconds: None)
        return RunContext(
            name=name,
            endpoint=self.sources[source_name].endpoints[name],
            landing=Landing(self.bucket, f"{source_name}/{name}"),
            store=self.bucket,
            warehouse=Raw(BigQueryJobs(self.client, retry, retry), self.bucket.bucket),
            log=StructuredLog(self.output, endpoint=name),
            schema_folder=self.schemas,
            now=lambda: moment,
            sleep=lambda seconds: None,
            source=source_name,
            **{"reader": self.create_reader(source_name, name)} | others,
        )

    def copy(self, source_name, name, start=None, end=None, **others):
        context = self.context(source_name, name, **others)
        span = parse_range(name, window_of(context.endpoint), start, end) if start or end else IdRange()
        try:
            run.copy(context, span)
        finally:
            close_reader(context.reader)

    def copy_all(self):
        for source_name, source in self.sources.items():
            for name in source.endpoints:
                self.copy(source_name, name)

    def transform(self, full=False):
        self.runner.run(full_refresh=full)

    def differences(self, expected):
        """Of all tables; a table that must be empty would be equal if nothing ran."""
        checks = [compare_rows(self.runner.warehouse.query, each) for each in expected]
        assert all(check.expected_rows for check in checks)
        return [sentence for check in checks for sentence in check.differences]

    def rows(self, sql):
        return [tuple(row.values()) for row in self.runner.warehouse.query(sql)]

    def notes(self):
        return [notes for (notes,) in self.rows("SELECT notes FROM ops.run_log WHERE notes IS NOT NULL")]

    def rejects(self, folder):
        names = [item.name for item in self.bucket.list(f"{folder}/rejects/")]
        contents = [self.bucket.read_current(name).content.decode() for name in names]
        return [json.loads(line) for content in contents for line in content.splitlines()]


def close_reader(reader):
    match reader:
        case TableReader():
            reader.sessions.close()
        case MongoReader():
            reader.client.close()
        case RestReader():
            reader.client.session.close()
