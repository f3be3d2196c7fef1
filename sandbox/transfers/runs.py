"""What a run of a transfer looks like from outside, at each point of its life."""

import uuid
from datetime import datetime

from sandbox.resources.clock import format_time, now
from sandbox.resources.service import Service
from sandbox.resources.store import Json
from sandbox.state import PROJECT_NUMBER

# What a run has of its config.
INHERITED = (
    "params",
    "destinationDatasetId",
    "dataSourceId",
    "schedule",
    "notificationPubsubTopic",
    "emailPreferences",
)
OVER = ("SUCCEEDED", "FAILED", "CANCELLED")


def new(config: Json, run_time: datetime) -> Json:
    return {
        "name": f"{config['name']}/runs/{uuid.uuid4()}",
        "runTime": format_time(run_time),
        "scheduleTime": now(),
        "updateTime": now(),
        "state": "PENDING",
        **{field: config[field] for field in INHERITED if field in config},
    }


def started(run: Json) -> Json:
    return run | {"state": "RUNNING", "startTime": now(), "updateTime": now()}


def finished(run: Json, error: Json | None) -> Json:
    """`error` is a google.rpc.Status; None is success."""
    state = {"state": "FAILED", "errorStatus": error} if error else {"state": "SUCCEEDED"}
    return run | state | {"endTime": now(), "updateTime": now()}


def keyed(service: Service, name: str) -> str:
    """A name as the store keeps it: with the project's id where Google answers its number."""
    return name.replace(f"projects/{PROJECT_NUMBER}/", f"projects/{service.state.project}/", 1)
