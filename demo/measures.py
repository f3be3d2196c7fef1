"""What is there after a run: rows of each table, files of the bucket, the logs."""

from dataclasses import dataclass
from typing import Any

import requests

from demo.cloud import Cloud
from demo.runs import Run

# The partitioned ones ask for a filter on their partition.
COUNTED = {
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
    for table, where in COUNTED.items()
)


@dataclass(frozen=True)
class Measure:
    """One pipeline run and the state that it left: `counts` by table, files and rows that it loaded."""

    run: Run
    files: int
    loaded: int
    counts: dict[str, int]

    @property
    def orphans(self) -> int:
        return self.counts["ods.sales_orphans"]

    @property
    def rejects(self) -> int:
        return sum(size for table, size in self.counts.items() if table.endswith("_rejects"))


def measure(cloud: Cloud, run: Run, before: list[Measure]) -> Measure:
    """Files and rows are the log's totals less what former runs brought."""
    [log] = cloud.rows(
        "SELECT IFNULL(SUM(files), 0) AS files, IFNULL(SUM(rows_loaded), 0) AS loaded FROM ops.run_log"
    )
    files = log["files"] - sum(measure.files for measure in before)
    loaded = log["loaded"] - sum(measure.loaded for measure in before)
    return Measure(run, files, loaded, {row["name"]: row["size"] for row in cloud.rows(COUNTS)})


@dataclass(frozen=True)
class Bucket:
    """Files of the landing bucket by their state (in, processing, archive, failed), and all their bytes."""

    files: dict[str, int]
    size: int


def bucket(cloud: Cloud) -> Bucket:
    files: dict[str, int] = {}
    size = 0
    for item in cloud.listed(f"/storage/v1/b/{cloud.state.project}-landing/o?maxResults=1000", "items"):
        _, state, *rest = item["name"].split("/")
        if rest:
            files[state] = files.get(state, 0) + 1
            size += int(item["size"])
    return Bucket(files, size)


def source(cloud: Cloud) -> dict[str, int]:
    """How many items the retail API has at this moment of its clock."""
    key = {"X-API-Key": (cloud.state.root / "retail-api-key").read_text()}
    totals = {}
    for endpoint in ("sales", "products", "customers"):
        url = f"{cloud.state.address}/retail/v1/{endpoint}?page_size=1"
        totals[endpoint] = requests.get(url, headers=key, timeout=60).json()["total_items"]
    return totals


def logs(cloud: Cloud, table: str, order: str) -> list[dict[str, Any]]:
    return cloud.rows(f"SELECT * FROM ops.{table} ORDER BY {order}")
