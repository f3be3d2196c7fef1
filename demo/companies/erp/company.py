"""The enterprise as the demo runs it."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from demo.cloud import Cloud
from demo.companies import addresses
from demo.companies.comparison_marker import compare_again
from demo.companies.erp.api import API_KEY
from demo.companies.erp.data import create_data
from demo.companies.erp.databases import PASSWORD
from demo.companies.erp.oracle import expect
from demo.companies.erp.servers import ErpServers, running_servers
from demo.companies.rows import compare_rows
from demo.expected import Check
from demo.servers.s3 import ACCESS_KEY

CHANGED = "sources-changed"  # in the project's folder: the sources are as after the change


class Erp:
    name = "erp"
    extension = addresses.EXTENSION
    sheet = "account_balance"
    runs = ("daily", "hourly", "hourly")
    query = "select * from dmt.account_balance"

    def __init__(self) -> None:
        self.running: ErpServers | None = None
        self.root = Path()

    @contextmanager
    def serve_sources(self, root: Path) -> Iterator[None]:
        with running_servers(create_data(), root / "branches") as self.running:
            self.root = root
            addresses.write_variables(root, self.running.variables)
            if (root / CHANGED).exists():
                self.servers.change()
            yield

    @property
    def servers(self) -> ErpServers:
        """RuntimeError outside of serve_sources."""
        if self.running is None:
            raise RuntimeError("the sources of the enterprise are not running")
        return self.running

    def secrets(self, root: Path) -> dict[str, str]:
        passwords = {"erp-password": PASSWORD, "stock-password": PASSWORD}
        return passwords | {"crm-api-key": API_KEY, "finance-files-s3": json.dumps(ACCESS_KEY)}

    def add_sources(self, cloud: Cloud) -> None:
        """None in Google Cloud."""

    def change_sources(self, cloud: Cloud, run: int) -> str:
        """Everything before the second run; the third has nothing to copy."""
        if run > 1:
            return ""
        self.servers.change()
        (self.root / CHANGED).touch()
        compare_again(cloud, "erp/invoices", "stock/articles")
        return "rows, lists, files; a late commit, deletions, bad rows"

    def compare(self, cloud: Cloud) -> list[Check]:
        servers = self.servers
        expected = expect(servers.databases, servers.data, servers.lost)
        return [compare_rows(cloud.rows, each) for each in expected]

    def write_pages(self, cloud: Cloud) -> list[str]:
        return []


COMPANY = Erp()
