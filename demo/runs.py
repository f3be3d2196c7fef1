"""A run of the pipeline: Scheduler's job by hand, then each step that it starts."""

import json
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from demo.cloud import Cloud
from demo.errors import Failed
from demo.screen import Line, Screen

STARTED_JOBS = ("connector", "sheets-sync")
POLL_SECONDS = 0.2
LIMIT_SECONDS = 300
LAST_LINES = 25


@dataclass
class Run:
    """One execution of the pipeline and its steps; seconds as the APIs tell them."""

    label: str
    began: float
    seconds: float = 0.0
    steps: list[Line] = field(default_factory=list)

    def spent(self, word: str) -> float:
        return sum(step.seconds for step in self.steps if step.label.startswith(word))


@dataclass
class Watch:
    """What of the pipeline's steps was already told."""

    cloud: Cloud
    told: set[str]

    def ended(self) -> Iterator[tuple[str, datetime, datetime]]:
        """Label, start and end of the steps that ended since the last look, oldest first."""
        found = [step for step in [*self.executions(), *self.invocations()] if step[0] not in self.told]
        for name, label, start, end in sorted(found, key=lambda step: step[3]):
            self.told.add(name)
            yield label, start, end

    def executions(self) -> Iterator[tuple[str, str, datetime, datetime]]:
        for job in STARTED_JOBS:
            path = f"{self.cloud.location('run/v2')}/jobs/{job}/executions"
            for execution in self.cloud.listed(path, "executions"):
                if "completionTime" in execution:
                    arguments = execution["template"]["containers"][0].get("args", [])
                    label = " ".join([job, *(word for word in arguments if word != "--endpoint")])
                    yield (
                        execution["name"],
                        label,
                        when(execution["createTime"]),
                        when(execution["completionTime"]),
                    )

    def invocations(self) -> Iterator[tuple[str, str, datetime, datetime]]:
        path = f"{self.cloud.location('dataform/v1')}/repositories/warehouse/workflowInvocations"
        for invocation in self.cloud.listed(path, "workflowInvocations"):
            timing = invocation.get("invocationTiming", {})
            if "endTime" in timing:
                yield invocation["name"], "Dataform", when(timing["startTime"]), when(timing["endTime"])


def run(cloud: Cloud, screen: Screen, schedule: str, label: str, limit: float = LIMIT_SECONDS) -> Run:
    """POST schedule:run, as at its hour. Failed, with the end of the log, unless all of it succeeds."""
    watch = Watch(cloud, set())
    list(watch.ended())
    path = f"{cloud.location('run/v2')}/jobs/pipeline/executions"
    before = {execution["name"] for execution in cloud.listed(path, "executions")}
    made, wall = Run(label, screen.now()), time.time()
    answer = cloud.call("POST", f"{cloud.location('scheduler/v1')}/jobs/{schedule}:run", {})
    if answer.get("status", {}).get("code"):
        raise Failed(f"{schedule} could not start the pipeline: {answer['status']['message']}")
    [name] = {execution["name"] for execution in cloud.listed(path, "executions")} - before
    execution = follow(cloud, screen, watch, name, made, wall, limit)
    made.seconds = screen.now() - made.began
    screen.show(Line(label, made.began, schedule, made.seconds, is_run=True))
    succeeded(cloud, execution)
    return made


def follow(
    cloud: Cloud, screen: Screen, watch: Watch, name: str, made: Run, wall: float, limit: float
) -> Any:
    """The execution when it has ended; its steps are shown as they end."""
    deadline = time.monotonic() + limit
    while time.monotonic() < deadline:
        execution = cloud.call("GET", f"/run/v2/{name}")
        for label, start, end in watch.ended():
            began = made.began + start.timestamp() - wall
            line = Line(label, began, loaded(cloud, label), (end - start).total_seconds(), depth=1)
            made.steps.append(line)
            screen.show(line)
        if "completionTime" in execution:
            return execution
        time.sleep(POLL_SECONDS)
    raise Failed(f"{name} did not end within {limit:.0f} s")


def loaded(cloud: Cloud, label: str) -> str:
    """What the connector says it loaded, in words."""
    job, *rest = label.split()
    if job != "connector":
        return ""
    found = cloud.rows(
        "SELECT status, rows_loaded, files FROM ops.run_log "
        f"WHERE endpoint = '{rest[0]}' ORDER BY started_at DESC LIMIT 1"
    )
    return f"{found[0]['rows_loaded'] or 0:,} rows in {found[0]['files'] or 0} files" if found else ""


def succeeded(cloud: Cloud, execution: Any) -> None:
    if execution.get("succeededCount") != execution["taskCount"]:
        job, name = execution["job"], execution["name"].rsplit("/", 1)[-1]
        lines = cloud.text(f"/run/logs/{job}/{name}").splitlines()[-LAST_LINES:]
        log = "\n".join(spoken(line) for line in lines)
        raise Failed(f"execution {name} failed; all logs are in {cloud.state.root / 'logs'}\n{log}")


def spoken(line: str) -> str:
    """A line of a job's log as a person reads it; the jobs write JSON, for Cloud Logging."""
    try:
        entry = json.loads(line)
        return f"{entry['severity']}: {entry['message']}"
    except (ValueError, KeyError, TypeError):
        return line


def when(text: str) -> datetime:
    return datetime.fromisoformat(text)
