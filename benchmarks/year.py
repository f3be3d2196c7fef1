"""One real year, 1,469,307 lines, from the API to dmt: the pipeline's daily run on an empty warehouse, and
where its time goes."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from benchmarks.document import table
from benchmarks.errors import BenchmarkError
from benchmarks.warehouse import pipeline, warehouse
from demo.cloud import Cloud
from demo.expected import Facts, compare, last_sale
from demo.pipeline_runs import PipelineRun
from demo.shop.clock import parse_clock

TITLE = "A real year, from the API to dmt"
END = "2018-01-01T12:00:00Z"
TRANSFORM = "Dataform"
HEADS = ("step", "s", "what came of it")
NOTE = (
    "1,469,307 lines in 155,848 sales, 92,331 products, 2,469 customers: the pipeline's daily run on an "
    "empty warehouse. The sandbox stands for Google Cloud on the same cores: its API, its bucket, and DuckDB "
    "behind BigQuery's. Jobs of BigQuery are shown within their step; Dataform's run side by side."
)
Line = tuple[str, str, str]
Say = Callable[[str], None]


@dataclass(frozen=True)
class Job:
    """A BigQuery job: what it makes, and the seconds from its creation to its end."""

    id: str
    target: str
    created: float
    seconds: float


def report(say: Say) -> str:
    """BenchmarkError if a step fails, or the warehouse is not what the oracle computes."""
    with warehouse() as cloud:
        cloud.call("PUT", "/sandbox/retail/clock", {"now": END})
        run = pipeline(cloud, "pipeline-daily", "a year")
        lines_table = table(HEADS, lines(run, list(jobs(cloud))))
        say(lines_table)
        return f"{NOTE} Afterwards {checked(cloud)}.\n\n{lines_table}"


def lines(run: PipelineRun, done: list[Job]) -> Iterator[Line]:
    """Steps of the pipeline in the order of their ends, each with its jobs; all endpoints are copied at once."""
    for step in run.steps:
        yield step.label, f"{step.seconds:.1f}", step.note
        for job in done:
            if belongs(job, step.label):
                yield f"… {job.target}", f"{job.seconds:.1f}", "BigQuery"
        if step.label == TRANSFORM:
            seconds = step.start + step.seconds - run.start
            yield "**from the API to dmt**", f"**{seconds:.1f}**", "with its assertions"
    yield "**all**", f"**{run.seconds:.1f}**", "with sheets, records of the run, findings and the page"


def belongs(job: Job, label: str) -> bool:
    kind, _, rest = label.partition(" ")
    if kind == TRANSFORM:
        return job.id.startswith("dataform-")
    return kind == "connector" and job.id.startswith("connector_") and job.target.endswith(f".{rest}")


def jobs(cloud: Cloud) -> Iterator[Job]:
    """What loads into staging and raw, and every action of Dataform, in the order of their creation."""
    actions = dict(invoked(cloud))
    listed = sorted(cloud.bigquery.list_jobs(max_results=1000, all_users=True), key=lambda job: job.created)
    for job in listed:
        target = actions.get(job.job_id) or loaded(job)
        if target and job.ended:
            yield Job(job.job_id, target, job.created.timestamp(), (job.ended - job.created).total_seconds())


def loaded(job: Any) -> str:
    """`staging.sales` of a load job, `raw.sales` of the insert behind it; "" of any other."""
    if job.job_id.startswith("connector_stage_"):
        return f"staging.{job.destination.table_id.rpartition('_')[0]}"
    if job.job_id.startswith("connector_insert_"):
        return str(job.query).split("INTO ")[1].split()[0].replace("`", "")
    return ""


def invoked(cloud: Cloud) -> Iterator[tuple[str, str]]:
    path = f"{cloud.location('dataform/v1')}/repositories/warehouse/workflowInvocations"
    for invocation in cloud.list_items(path, "workflowInvocations"):
        actions = cloud.call("GET", f"/dataform/v1/{invocation['name']}:query")
        for action in actions["workflowInvocationActions"]:
            target = action["target"]
            yield action.get("bigqueryAction", {}).get("jobId", ""), f"{target['schema']}.{target['name']}"


def checked(cloud: Cloud) -> str:
    checks = compare(cloud.bigquery, Facts(last_sale(parse_clock(END))))
    wrong = [sentence for check in checks for sentence in check.differences]
    if wrong:
        raise BenchmarkError("; ".join(wrong))
    return f"{len(checks)} tables equal the oracle, to the row and the cent"
