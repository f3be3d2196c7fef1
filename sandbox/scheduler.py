"""Cloud Scheduler: jobs that run on request only (`:run`); schedules are validated but never fire."""

import base64
import binascii
import re
import zoneinfo
from dataclasses import dataclass
from urllib.parse import urlsplit

import requests
from starlette.routing import BaseRoute

from sandbox.metadata import token_of
from sandbox.resources import collection
from sandbox.resources.clock import now
from sandbox.resources.errors import InvalidArgument
from sandbox.resources.resource_type import IdLocation, ResourceType
from sandbox.resources.schema import Schema
from sandbox.resources.service import Call, Service
from sandbox.resources.store import Json, Store
from sandbox.state import State

FIELD = r"[\d*/,\-A-Za-z]+"
# Cloud Scheduler also accepts the syntax of App Engine, as `every 5 minutes`.
CRON = re.compile(rf"{FIELD}( {FIELD}){{4}}|every .+")
# HTTP status → google.rpc.Code, by the mapping in google/rpc/code.proto.
CODES = {400: 3, 401: 16, 403: 7, 404: 5, 409: 10, 429: 8, 500: 13, 501: 12, 503: 14, 504: 4}
UNKNOWN, UNAVAILABLE = 2, 14
DEADLINE = "180s"  # https://cloud.google.com/scheduler/docs/reference/rest/v1/projects.locations.jobs


def check(service: Service, job: Json) -> None:
    """Raises InvalidArgument for a job that Cloud Scheduler would reject."""
    target = job.get("httpTarget", {})
    if not CRON.fullmatch(job.get("schedule", "")):
        raise InvalidArgument(
            f"Schedule {job.get('schedule')!r} is not a cron expression, for example '0 6 * * *'."
        )
    if job.get("timeZone", "UTC") not in zoneinfo.available_timezones():
        raise InvalidArgument(
            f"Time zone {job['timeZone']!r} is not in the tz database; use a name like 'Europe/Prague'."
        )
    if not target.get("uri", "").startswith(("http://", "https://")):
        raise InvalidArgument(
            f"httpTarget.uri {target.get('uri', '')!r} must begin with http:// or https://."
        )
    if "oauthToken" in target and not (urlsplit(target["uri"]).hostname or "").endswith(".googleapis.com"):
        raise InvalidArgument(f"An OAuth token goes to *.googleapis.com only, not to {target['uri']!r}.")
    try:
        base64.b64decode(target.get("body", ""), validate=True)
    except binascii.Error as error:
        raise InvalidArgument(f"Invalid value at 'job.http_target.body' (TYPE_BYTES): {error}") from error


JOBS = ResourceType(
    "projects/{project}/locations/{location}/jobs",
    Schema("cloudscheduler.v1", "Job"),
    IdLocation("name"),
    id_pattern="[a-zA-Z0-9_-]{1,500}",
    updated="userUpdateTime",
    initial=lambda service, name: {"state": "ENABLED"},
    check=check,
    actions={"pause": {"state": "PAUSED"}, "resume": {"state": "ENABLED"}},
)


def routes(state: State) -> list[BaseRoute]:
    service = Service(state, Store(state.root), "/scheduler/v1")
    jobs = Jobs(service)
    return [
        service.route("POST", f"{JOBS.collection}/{{id}}:run", jobs.run),
        *collection.routes(service, JOBS),
        service.unserved(),
    ]


@dataclass(frozen=True)
class Jobs:
    service: Service

    def run(self, call: Call) -> Json:
        """Sends the job's request now, even if the job is paused, and stores the outcome."""
        job = collection.Collection(self.service, JOBS)
        status = self.send_request(job.get(call))
        # The job is read again: it may have been changed while the request was running.
        return job.write(call, lambda old: old | {"lastAttemptTime": now(), "status": status})

    def send_request(self, job: Json) -> Json:
        """Returns the google.rpc.Status of one request; {} for a response with 2xx."""
        target = job["httpTarget"]
        url = local_url(self.service.state, target["uri"])
        if not url:
            return {"code": UNAVAILABLE, "message": f"{target['uri']} is not served by this sandbox."}
        try:
            response = requests.request(
                target.get("httpMethod", "POST"),
                url,
                data=base64.b64decode(target.get("body", "")),
                headers=target.get("headers", {}) | authorization(target),
                timeout=float(job.get("attemptDeadline", DEADLINE).rstrip("s")),
            )
        except requests.RequestException as error:
            return {"code": UNAVAILABLE, "message": str(error)}
        if response.ok:
            return {}
        return {"code": CODES.get(response.status_code, UNKNOWN), "message": response.text}


def local_url(state: State, uri: str) -> str:
    """The sandbox's URL of a Google API; "" for any other host, because no request may leave the machine."""
    parts = urlsplit(uri)
    if parts.hostname == "127.0.0.1":
        return uri
    api, _, domain = (parts.hostname or "").partition(".")
    # The sandbox serves each API below the first part of its host name, except this one.
    prefix = {"cloudscheduler": "scheduler"}.get(api, api)
    query = f"?{parts.query}" if parts.query else ""
    return f"{state.address}/{prefix}{parts.path}{query}" if domain == "googleapis.com" else ""


def authorization(target: Json) -> dict[str, str]:
    """The token of the service account that the target names."""
    for kind in ("oauthToken", "oidcToken"):
        if kind in target:
            return {"Authorization": f"Bearer {token_of(target[kind]['serviceAccountEmail'])}"}
    return {}
