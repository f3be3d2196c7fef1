"""Measurements after a pipeline run: rows of each table, files of the bucket, the logs."""

from dataclasses import dataclass
from typing import Any

import requests

from demo.cloud import TIMEOUT_SECONDS, Cloud
from demo.pipeline_runs import PipelineRun
from demo.shop.keys import FIRST_KEY_FILE

# Partitioned tables require a filter on their partition column (require_partition_filter).
COUNTED_TABLES = {
    "raw.sales": "SYS_DATE_CREATE >= TIMESTAMP '1970-01-01'",
    "raw.products": "TRUE",
    "raw.customers": "TRUE",
    "ods.sales": "datetime >= TIMESTAMP '1970-01-01'",
    "ods.products": "TRUE",
    "ods.customers": "TRUE",
    "ods.sales_orphans": "datetime >= TIMESTAMP '1970-01-01'",
    "ods.sales_rejects": "file_day >= DATE '1970-01-01'",
    "ods.products_rejects": "file_day >= DATE '1970-01-01'",
    "ods.customers_rejects": "file_day >= DATE '1970-01-01'",
    "dmt.sales_items": "sales_datetime >= TIMESTAMP '1970-01-01'",
    "dmt.daily_sales": "TRUE",
}
COUNTS = " UNION ALL ".join(
    f"SELECT '{table}' AS name, COUNT(*) AS size FROM {table} WHERE {where}"
    for table, where in COUNTED_TABLES.items()
)
TOTALS = "SELECT IFNULL(SUM(files), 0) AS files, IFNULL(SUM(rows_loaded), 0) AS loaded FROM ops.run_log"


@dataclass(frozen=True)
class Measure:
    """A pipeline run, the files and rows that it loaded, and the rows of each table after it (`counts`)."""

    run: PipelineRun
    files: int
    loaded: int
    counts: dict[str, int]

    @property
    def orphans(self) -> int:
        return self.counts["ods.sales_orphans"]

    @property
    def rejects(self) -> int:
        return sum(size for table, size in self.counts.items() if table.endswith("_rejects"))


def measure_run(cloud: Cloud, run: PipelineRun, earlier: list[Measure]) -> Measure:
    """Files and rows of this run are the totals of the log minus those of `earlier` runs."""
    [totals] = cloud.rows(TOTALS)
    files = totals["files"] - sum(measure.files for measure in earlier)
    loaded = totals["loaded"] - sum(measure.loaded for measure in earlier)
    return Measure(run, files, loaded, {row["name"]: row["size"] for row in cloud.rows(COUNTS)})


@dataclass(frozen=True)
class BucketContents:
    """Files of the landing bucket by state (in, processing, archive, failed), and their size in bytes."""

    files: dict[str, int]
    size: int


def read_bucket(cloud: Cloud) -> BucketContents:
    files: dict[str, int] = {}
    size = 0
    for item in cloud.list_items(f"/storage/v1/b/{cloud.state.project}-landing/o?maxResults=1000", "items"):
        _, state, *rest = item["name"].split("/")
        if rest:  # an object such as sales/lease.json has no folder of a state
            files[state] = files.get(state, 0) + 1
            size += int(item["size"])
    return BucketContents(files, size)


def count_source_items(cloud: Cloud) -> dict[str, int]:
    """The number of items that the retail API has at the current time of its clock, by endpoint."""
    key = {"X-API-Key": (cloud.state.root / FIRST_KEY_FILE).read_text()}
    totals = {}
    for endpoint in ("sales", "products", "customers"):
        url = f"{cloud.state.address}/retail/v1/{endpoint}?page_size=1"
        totals[endpoint] = requests.get(url, headers=key, timeout=TIMEOUT_SECONDS).json()["total_items"]
    return totals


def read_log(cloud: Cloud, table: str, order: str) -> list[dict[str, Any]]:
    return cloud.rows(f"SELECT * FROM ops.{table} ORDER BY {order}")
