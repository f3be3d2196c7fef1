"""A town for a story on real data: people start jobs, look at what came, and turn the shop's clock."""

import time

from demo.cloud import Cloud
from demo.expected import Facts, compare, last_sale
from demo.shop.clock import moment

LIMIT_SECONDS = 120


class Town:
    """`unsold` are products that its shop never shows."""

    def __init__(self, state, unsold=frozenset()):
        self.cloud = Cloud(state)
        self.hidden = {"sales": (), "products": (), "customers": ()}
        self.unsold = unsold

    def clock(self, now):
        self.cloud.call("PUT", "/sandbox/retail/clock", {"now": now})

    def hide(self, sales=(), products=(), customers=(), given=()):
        """The shop does not show these, and shows what is `given`."""
        self.hidden = {"sales": sales, "products": products, "customers": customers}
        told = {
            "sales": {"hidden": sorted(sales), "given": list(given)},
            "products": {"hidden": sorted(self.unsold | set(products))},
            "customers": {"hidden": sorted(customers)},
        }
        self.cloud.call("PUT", "/sandbox/retail/rows", told)

    def job(self, name, *arguments):
        """An execution of a Run job that has ended: whether it succeeded, and its log."""
        jobs = f"{self.cloud.location('run/v2')}/jobs/{name}"
        override = {"overrides": {"containerOverrides": [{"args": list(arguments)}]}}
        operation = self.cloud.call("POST", f"{jobs}:run", override)
        while not operation.get("done"):  # the sandbox holds each answer until something happens
            operation = self.cloud.call("GET", f"/run/v2/{operation['name']}")
        execution = operation["metadata"]["name"].rsplit("/", 1)[-1]
        return "error" not in operation, self.cloud.text(f"/run/logs/{name}/{execution}")

    def connector(self, *arguments):
        succeeded, log = self.job("connector", *arguments)
        assert succeeded, log
        return log

    def copy(self, *endpoints):
        for endpoint in endpoints:
            self.connector("--endpoint", endpoint)

    def transform(self, full=False):
        """What is released, as the pipeline invokes it; `full` rebuilds every incremental table."""
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
        """Between the warehouse and the oracle, for what the shop shows now or for `facts`."""
        shown = Facts(
            last=last_sale(moment(self.cloud.call("GET", "/sandbox/retail/clock")["now"])),
            without_sales=frozenset(self.hidden["sales"]),
            without_products=frozenset(self.unsold | set(self.hidden["products"])),
            without_customers=frozenset(self.hidden["customers"]),
        )
        checks = compare(self.cloud.bigquery, Facts(**(vars(shown) | facts)))
        assert all(check.expected_rows for check in checks)  # nothing is equal because there is nothing
        return [sentence for check in checks for sentence in check.differences]

    def query(self, sql):
        return [tuple(row.values()) for row in self.cloud.rows(sql)]

    def count(self, table, where="TRUE"):
        [row] = self.cloud.rows(f"SELECT COUNT(*) AS size FROM {table} WHERE {where}")
        return row["size"]

    def files(self, folder):
        listed = self.cloud.listed(
            f"/storage/v1/b/{self.cloud.state.project}-landing/o?prefix={folder}", "items"
        )
        return [item["name"] for item in listed]
