"""All sources of the enterprise: two databases, an API, a bucket, and a folder."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from obstore.store import S3Store

from demo.companies.erp.api import running_accounts
from demo.companies.erp.changes import Lost, change_data, change_databases
from demo.companies.erp.data import ErpData
from demo.companies.erp.databases import Databases, running_databases
from demo.companies.erp.files import FOLDER, render_centres, render_uploads
from demo.companies.erp.oracle import ARTICLES, INVOICES, PAYMENTS
from demo.servers.s3 import create_bucket, put_file, running_s3


@dataclass
class ErpServers:
    """`data` is what the API and the files have; `variables` direct the connector to the servers."""

    data: ErpData
    databases: Databases
    bucket: S3Store
    folder: Path
    variables: Mapping[str, str]
    lost: Lost = field(default_factory=Lost)
    files: dict[str, bytes] = field(default_factory=dict)

    def publish_files(self) -> None:
        """Only files that have changed are written again."""
        for name, content in render_uploads(self.data).items():
            if self.files.get(name) != content:
                put_file(self.bucket, FOLDER + name, content)
        self.files = render_uploads(self.data)
        (self.folder / "cost_centres.json").write_bytes(render_centres(self.data))

    def change(self) -> None:
        change_databases(self.databases, self.lost, INVOICES, ARTICLES, PAYMENTS)
        change_data(self.data, self.lost)
        self.publish_files()


@contextmanager
def running_servers(data: ErpData, folder: Path, bucket: str = "finance") -> Iterator[ErpServers]:
    """`folder` is where the branches' files are. CannotStart without MariaDB."""
    folder.mkdir(parents=True, exist_ok=True)
    with running_databases() as databases, running_accounts(data) as accounts, running_s3() as s3:
        variables = databases.variables | {
            "CRM_URL": f"{accounts.address}/api/v1",
            "FINANCE_FILES_URL": f"s3://{bucket}/{FOLDER}",
            "FINANCE_FILES_ENDPOINT": s3,
            "BRANCH_FILES_URL": folder.as_uri() + "/",
        }
        servers = ErpServers(data, databases, create_bucket(s3, bucket), folder, variables)
        servers.publish_files()
        yield servers
