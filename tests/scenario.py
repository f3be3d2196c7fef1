"""A project with the shop as source, for tests with real data: runs jobs, compares, changes the shop."""

import time

from demo.cloud import CLOCK, Cloud
from demo.expected import Facts, compare, last_sale
from demo.shop.clock import parse_clock
from demo.shop.dataset import connect

LIMIT_SECONDS = 120


def unsold_products(until):
    """Products without a sale before `until`. Hiding them makes the full list 12 times shorter."""
    with connect() as data:
        rows = data.execute(
            "select product_sku from products where product_sku not in "
            "(select cast(product_id as varchar) from lines where sold_at < ?)",
            [until.removesuffix("Z")],
        ).fetchall()
    return frozenset(sku for (sku,) in rows)


class Scenario:
    """`unsold` are products that the shop always hides."""

    def __init__(self, state, unsold=frozenset()):
        self.cloud = Cloud(state)
        self.hidden = {"sales": (), "products": (), "customers": ()}
        self.unsold = unsold

    def set_clock(self, now):
        self.cloud.call("PUT", CLOCK, {"now": now})

    def set_items(self, sales=(), products=(), customers=(), added=()):
        """Hides the items with these keys, and adds or replaces the sales in `added`."""
        self.hidden = {"sales": sales, "products": products, "customers": customers}
        overlays = {
            "sales": {"hidden": sorted(sales), "given": list(added)},
            "products": {"hidden": sorted(self.unsold | set(products))},
            "customers": {"hidden": sorted(customers)},
        }
        self.cloud.call("PUT", "/sandbox/retail/rows", overlays)

    def run_job(self, name, *arguments):
        """Runs a job to its end. Returns whether it succeeded, and its log."""
        jobs = f"{self.cloud.location('run/v2')}/jobs/{name}"
        override = {"overrides": {"containerOverrides": [{"args": list(arguments)}]}}
        operation = self.cloud.call("POST", f"{jobs}:run", override)
        while not operation.get("done"):  # no sleep: the sandbox delays each response until a change
            operation = self.cloud.call("GET", f"/run/v2/{operation['name']}")
        execution = operation["metadata"]["name"].rsplit("/", 1)[-1]
        return "error" not in operation, self.cloud.get_text(f"/run/logs/{name}/{execution}")

    def run_connector(self, *arguments):
        succeeded, log = self.run_job("connector", *arguments)
        assert succeeded, log
        return log

    def copy(self, *endpoints):
        for endpoint in endpoints:
            self.run_connector("--endpoint", endpoint)

    def transform(self, full=False):
        """Invokes the live release as the pipeline does; `full` rebuilds every incremental table."""
        repository = f"{self.cloud.location('dataform/v1')}/repositories/warehouse"
        live = self.cloud.call("GET", f"{repository}/releaseConfigs/live")["releaseCompilationResult"]
        config = {
            "includedTags": ["hourly"],
            "fullyRefreshIncrementalTablesEnabled": full,
            "serviceAccount": self.cloud.state.identity("dataform-runner"),
        }
        body = {"compilationResult": live, "invocationConfig": config}
        invocation = self.cloud.call("POST", f"{repository}/workflowInvocations", body)["name"]
        deadline = time.monotonic() + LIMIT_SECONDS
        while self.invocation(invocation)["state"] == "RUNNING" and time.monotonic() < deadline:
            time.sleep(0.1)
        assert self.invocation(invocation)["state"] == "SUCCEEDED", self.failures(invocation)

    def invocation(self, name):
        return self.cloud.call("GET", f"/dataform/v1/{name}")

    def failures(self, name):
        actions = self.cloud.call("GET", f"/dataform/v1/{name}:query")["workflowInvocationActions"]
        return [
            f"{action['target']}: {action.get('failureReason')}"
            for action in actions
            if action["state"] == "FAILED"
        ]

    def differences(self, **facts):
        """Differences of the warehouse from the expected results, for the shop's current items or `facts`."""
        current = Facts(
            last=last_sale(parse_clock(self.cloud.call("GET", CLOCK)["now"])),
            without_sales=frozenset(self.hidden["sales"]),
            without_products=frozenset(self.unsold | set(self.hidden["products"])),
            without_customers=frozenset(self.hidden["customers"]),
        )
        checks = compare(self.cloud.bigquery, Facts(**(vars(current) | facts)))
        assert all(check.expected_rows for check in checks)  # empty tables would be equal, too
        return [sentence for check in checks for sentence in check.differences]

    def query(self, sql):
        return [tuple(row.values()) for row in self.cloud.rows(sql)]

    def count(self, table, where="TRUE"):
        [row] = self.cloud.rows(f"SELECT COUNT(*) AS size FROM {table} WHERE {where}")
        return row["size"]

    def files(self, folder):
        bucket = f"/storage/v1/b/{self.cloud.state.project}-landing"
        return [item["name"] for item in self.cloud.list_items(f"{bucket}/o?prefix={folder}", "items")]
