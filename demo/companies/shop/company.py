"""The web shop as the demo runs it."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from copy import deepcopy
from pathlib import Path

from demo.cloud import Cloud
from demo.companies import addresses
from demo.companies.comparison_marker import compare_again
from demo.companies.rows import compare_rows
from demo.companies.shop.changes import SECOND_CLOCK, pass_hour
from demo.companies.shop.data import FIRST_CLOCK, create_data
from demo.companies.shop.logs_bucket import LogsBucket, create_logs_bucket
from demo.companies.shop.oracle import expect
from demo.companies.shop.servers import ShopServers, running_servers
from demo.expected import Check
from demo.servers.s3 import ACCESS_KEY

CHANGED = "hour-passed"  # in the project's folder: the sources are as after the change


class Shop:
    """`serve_sources` starts from the first state, or from the changed one if the project has seen it."""

    name = "shop"
    extension = addresses.EXTENSION
    sheet = "daily_orders"
    runs = ("daily", "hourly", "hourly")
    query = "select * from dmt.daily_orders"

    def __init__(self) -> None:
        self.first, self.now = create_data(), create_data()
        self.servers: ShopServers | None = None
        self.logs = LogsBucket(lambda name, content: None)
        self.root = Path()

    @contextmanager
    def serve_sources(self, root: Path) -> Iterator[None]:
        with running_servers() as self.servers:
            # A copy: first is what the oracle compares with, and the change must not reach it.
            self.root, self.now = root, deepcopy(self.first)
            addresses.write_variables(root, self.servers.variables)
            if (root / CHANGED).exists():
                self.change()
            else:
                self.servers.publish(self.now, FIRST_CLOCK)
            yield

    def secrets(self, root: Path) -> dict[str, str]:
        """MongoDB has no accounts here, so any password is accepted."""
        return {"shop-password": "any", "warehouse-files-s3": json.dumps(ACCESS_KEY)}

    def add_sources(self, cloud: Cloud) -> None:
        self.logs = create_logs_bucket(cloud.state, cloud.state.identity("spark-batches"))
        self.logs.publish(self.now)

    def change_sources(self, cloud: Cloud, run: int) -> str:
        """Everything before the second run; the third has nothing to copy."""
        if run > 1:
            return ""
        self.change()
        # The marker after the change: it makes the next process start from the changed sources.
        (self.root / CHANGED).touch()
        self.logs.publish(self.now)
        compare_again(cloud, "shop/orders", "shop/customers")
        return "orders, prices, shipments, logs; 6 deletions, 3 late, 3 bad rows"

    def change(self) -> None:
        pass_hour(self.now)
        if self.servers:
            self.servers.publish(self.now, SECOND_CLOCK)

    def compare(self, cloud: Cloud) -> list[Check]:
        return [compare_rows(cloud.rows, each) for each in expect(self.first, self.now)]

    def write_pages(self, cloud: Cloud) -> list[str]:
        return []


COMPANY = Shop()
