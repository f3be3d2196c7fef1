"""The TransferRun resource of the API: a new, a started and a finished one."""

import uuid
from datetime import datetime

from sandbox.resources.clock import format_time, now
from sandbox.resources.service import Service
from sandbox.resources.store import Json
from sandbox.state import PROJECT_NUMBER

# Fields that a run copies from its config.
INHERITED = (
    "params",
    "destinationDatasetId",
    "dataSourceId",
    "schedule",
    "notificationPubsubTopic",
    "emailPreferences",
)
FINAL = ("SUCCEEDED", "FAILED", "CANCELLED")


def create_run(config: Json, run_time: datetime) -> Json:
    return {
        "name": f"{config['name']}/runs/{uuid.uuid4()}",
        "runTime": format_time(run_time),
        "scheduleTime": now(),
        "updateTime": now(),
        "state": "PENDING",
        **{field: config[field] for field in INHERITED if field in config},
    }


def mark_started(run: Json) -> Json:
    return run | {"state": "RUNNING", "startTime": now(), "updateTime": now()}


def mark_finished(run: Json, error: Json | None) -> Json:
    """`error` is a google.rpc.Status; None is success."""
    state = {"state": "FAILED", "errorStatus": error} if error else {"state": "SUCCEEDED"}
    return run | state | {"endTime": now(), "updateTime": now()}


def stored_name(service: Service, name: str) -> str:
    """The API returns names with the project's number; the store uses the project's id."""
    return name.replace(f"projects/{PROJECT_NUMBER}/", f"projects/{service.state.project}/", 1)
