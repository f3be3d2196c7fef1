"""A night as the job reads it: the queries of the report on the ops of a test."""

from datetime import UTC, datetime, timedelta

from report.night import Model, Night, read_rows
from tests.report.mails import query_runner

RUNBOOKS = "docs/runbooks"
MODELS = [
    Model("ods.sales", ("raw.sales", "ods.checkpoints")),
    Model("ods.products", ("raw.products",)),
    Model("ods.checkpoints"),
    Model("ods.sales_orphans", ("ods.sales", "ods.products")),
    Model("dmt.sales_items", ("ods.sales", "ods.sales_orphans", "ods.products")),
    Model("dmt.daily_sales", ("dmt.sales_items",)),
]
ENDPOINTS = {f"retail/{name}": f"raw.{name}" for name in ("customers", "products", "sales")}


def read_night(ops, hours=24):
    until = datetime.now(UTC)
    since = until - timedelta(hours=hours)
    rows, problems = read_rows(query_runner(ops.client), since, until)
    return Night("p", since, until, rows, problems, MODELS, ENDPOINTS, {"daily_sales": "dmt.daily_sales"})
