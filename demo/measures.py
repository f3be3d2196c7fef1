"""Measurements after a pipeline run: files and rows that it loaded, and rows that are put aside."""

from dataclasses import dataclass

from demo.cloud import Cloud
from demo.pipeline_runs import PipelineRun

# Metadata instead of COUNT(*): it covers the tables of any company, and needs no filter on their partitions.
COUNTS = """
SELECT CONCAT(table_schema, '.', table_name) AS name, SUM(total_rows) AS size
FROM ods.INFORMATION_SCHEMA.PARTITIONS
WHERE ENDS_WITH(table_name, '_orphans') OR ENDS_WITH(table_name, '_rejects')
GROUP BY name
"""
TOTALS = "SELECT IFNULL(SUM(files), 0) AS files, IFNULL(SUM(rows_loaded), 0) AS loaded FROM ops.run_log"


@dataclass(frozen=True)
class Measure:
    """A pipeline run, the files and rows that it loaded; `counts` are the rows of orphans and rejects after it."""

    run: PipelineRun
    files: int
    loaded: int
    counts: dict[str, int]

    @property
    def orphans(self) -> int:
        return sum(size for table, size in self.counts.items() if table.endswith("_orphans"))

    @property
    def rejects(self) -> int:
        return sum(size for table, size in self.counts.items() if table.endswith("_rejects"))


def measure_run(cloud: Cloud, run: PipelineRun, earlier: list[Measure]) -> Measure:
    """Files and rows of this run are the totals of the log minus those of `earlier` runs."""
    [totals] = cloud.rows(TOTALS)
    files = totals["files"] - sum(measure.files for measure in earlier)
    loaded = totals["loaded"] - sum(measure.loaded for measure in earlier)
    return Measure(run, files, loaded, {row["name"]: row["size"] for row in cloud.rows(COUNTS)})
