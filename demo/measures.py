"""Measurements after a pipeline run: files and rows that it loaded, and rows of each table."""

from dataclasses import dataclass

from demo.cloud import Cloud
from demo.pipeline_runs import PipelineRun

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
