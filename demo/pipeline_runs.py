"""Runs the pipeline as Cloud Scheduler does, and reports its steps as they end."""

import json
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple

from demo.cloud import Cloud
from demo.errors import StepFailed
from demo.screen import Screen, Step

STARTED_JOBS = ("connector", "sheets-sync")  # jobs that the pipeline starts
POLL_SECONDS = 0.2
# For the demo's weeks of data, also on a busy machine; the benchmarks copy a year and pass a longer limit.
LIMIT_SECONDS = 900
SHOWN_LINES = 25  # of the log of an execution that failed


@dataclass
class PipelineRun:
    """One execution of the pipeline. `start` is in seconds since the demo started, `seconds` the duration."""

    label: str
    start: float
    seconds: float = 0.0
    steps: list[Step] = field(default_factory=list)

    def step_seconds(self, prefix: str) -> float:
        """Total duration of the steps whose labels begin with `prefix`."""
        return sum(step.seconds for step in self.steps if step.label.startswith(prefix))


class CompletedStep(NamedTuple):
    """An execution of a job, or a Dataform invocation. `name` is its resource name."""

    name: str
    label: str
    start: datetime
    end: datetime


@dataclass
class StepWatcher:
    """`seen` are the resource names of steps that were already reported."""

    cloud: Cloud
    seen: set[str] = field(default_factory=set)

    def new_steps(self) -> list[CompletedStep]:
        """Steps that ended since the last call, oldest first."""
        steps = [step for step in [*self._executions(), *self._invocations()] if step.name not in self.seen]
        self.seen |= {step.name for step in steps}
        return sorted(steps, key=lambda step: step.end)

    def _executions(self) -> Iterator[CompletedStep]:
        for job in STARTED_JOBS:
            path = f"{self.cloud.location('run/v2')}/jobs/{job}/executions"
            for execution in self.cloud.list_items(path, "executions"):
                if "completionTime" in execution:
                    arguments = execution["template"]["containers"][0].get("args", [])
                    label = " ".join([job, *arguments[-1:]])  # of --source S --endpoint E, or --export E
                    start, end = execution["createTime"], execution["completionTime"]
                    yield CompletedStep(execution["name"], label, parse_time(start), parse_time(end))

    def _invocations(self) -> Iterator[CompletedStep]:
        path = f"{self.cloud.location('dataform/v1')}/repositories/warehouse/workflowInvocations"
        for invocation in self.cloud.list_items(path, "workflowInvocations"):
            timing = invocation.get("invocationTiming", {})
            if "endTime" in timing:
                start, end = timing["startTime"], timing["endTime"]
                yield CompletedStep(invocation["name"], "Dataform", parse_time(start), parse_time(end))


def run_pipeline(
    cloud: Cloud, screen: Screen, schedule: str, label: str, limit: float = LIMIT_SECONDS
) -> PipelineRun:
    """Runs the Scheduler job `schedule`. Raises StepFailed, with the end of the log, unless all succeeds."""
    watcher = StepWatcher(cloud)
    # Steps of earlier runs of the same project are marked as seen.
    watcher.new_steps()
    path = f"{cloud.location('run/v2')}/jobs/pipeline/executions"
    # Scheduler's response has no name of an execution: the new one is the difference of the two lists.
    before = {execution["name"] for execution in cloud.list_items(path, "executions")}
    run, epoch = PipelineRun(label, screen.now()), time.time()
    job = cloud.call("POST", f"{cloud.location('scheduler/v1')}/jobs/{schedule}:run", {})
    # Scheduler's `run` succeeds even if its request failed; the result of the request is the job's `status`.
    if job.get("status", {}).get("code"):
        raise StepFailed(f"{schedule} could not start the pipeline: {job['status']['message']}")
    [name] = {execution["name"] for execution in cloud.list_items(path, "executions")} - before
    deadline = time.monotonic() + limit
    while True:
        # Requested before the steps: when it is complete, so are all its steps, and the last are still reported.
        execution = cloud.call("GET", f"/run/v2/{name}")
        for step in watcher.new_steps():
            report_step(cloud, screen, run, step, epoch)
        if "completionTime" in execution:
            break
        if time.monotonic() > deadline:
            raise StepFailed(
                f"{name} did not end within {limit:.0f} s; its steps are above. "
                "Run it again when the machine is less busy."
            )
        time.sleep(POLL_SECONDS)
    run.seconds = screen.now() - run.start
    screen.show(Step(label, run.start, schedule, run.seconds, is_run=True))
    check_success(cloud, execution)
    return run


def report_step(cloud: Cloud, screen: Screen, run: PipelineRun, ended: CompletedStep, epoch: float) -> None:
    """`epoch` is the wall clock at the start of the run: APIs report wall-clock times."""
    start = run.start + ended.start.timestamp() - epoch
    seconds = (ended.end - ended.start).total_seconds()
    step = Step(ended.label, start, describe_load(cloud, ended), seconds, depth=1)
    run.steps.append(step)
    screen.show(step)


def describe_load(cloud: Cloud, ended: CompletedStep) -> str:
    """Rows and files in the connector's run log: of the copy, and of the comparison of keys if one followed. "" for
    other steps."""
    job, *endpoint = ended.label.split()
    if job != "connector":
        return ""
    [entry] = cloud.rows(
        "SELECT COUNT(*) AS runs, SUM(rows_loaded) AS loaded, SUM(files) AS files FROM ops.run_log "
        f"WHERE endpoint = '{endpoint[0]}' AND started_at >= TIMESTAMP '{ended.start.isoformat()}'"
    )
    return f"{entry['loaded'] or 0:,} rows in {entry['files'] or 0} files" if entry["runs"] else ""


def check_success(cloud: Cloud, execution: Any) -> None:
    # Not by the completion time or failed tasks: a cancelled execution has completed, and its operation does not
    # always end with an error (docs/reference/traps.md).
    if execution.get("succeededCount") != execution["taskCount"]:
        job, name = execution["job"], execution["name"].rsplit("/", 1)[-1]
        lines = cloud.get_text(f"/run/logs/{job}/{name}").splitlines()[-SHOWN_LINES:]
        log = "\n".join(format_log_line(line) for line in lines)
        raise StepFailed(f"execution {name} failed; all logs are in {cloud.state.root / 'logs'}\n{log}")


def format_log_line(line: str) -> str:
    """Severity and message of a line of structured log; other lines are unchanged."""
    try:
        entry = json.loads(line)
        return f"{entry['severity']}: {entry['message']}"
    except (ValueError, KeyError, TypeError):
        return line


def parse_time(text: str) -> datetime:
    return datetime.fromisoformat(text)
