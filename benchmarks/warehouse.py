"""A sandbox with workspace local in it and our SQL released, and what runs there."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks.errors import BenchmarkError
from demo import provision
from demo.cloud import Cloud
from demo.commands import Shell
from demo.errors import StepFailed
from demo.pipeline_runs import PipelineRun, run_pipeline
from demo.recorded_apply.replay import replay
from demo.screen import Screen
from demo.server import running

LIMIT = 1800.0  # seconds of a run


@contextmanager
def warehouse() -> Iterator[Cloud]:
    with tempfile.TemporaryDirectory() as folder, running(Path(folder)) as state:
        shell, cloud = Shell(state), Cloud(state)
        # The recorded apply, whether Terraform is installed or not: every machine measures the same project.
        replay(state)
        provision.add_secrets(shell)
        provision.release_dataform(shell)
        yield cloud


def pipeline(cloud: Cloud, schedule: str, name: str) -> PipelineRun:
    """The run of a schedule, to its end. BenchmarkError if a step fails."""
    try:
        return run_pipeline(cloud, Screen(), schedule, name, LIMIT)
    except StepFailed as error:
        raise BenchmarkError(str(error)) from error


def job(cloud: Cloud, name: str, arguments: list[str]) -> None:
    """An execution of a Run job with these arguments, to its end."""
    override = {"overrides": {"containerOverrides": [{"args": arguments}]}}
    operation = cloud.call("POST", f"{cloud.location('run/v2')}/jobs/{name}:run", override)
    while not operation.get("done"):  # each answer is held until something happens
        operation = cloud.call("GET", f"/run/v2/{operation['name']}")
    if "error" in operation:
        raise BenchmarkError(f"{name} {' '.join(arguments)} failed: {operation['error']['message']}")
