"""Cloud Scheduler: jobs that are run by hand. Nothing fires on its own here."""

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
CRON = re.compile(rf"{FIELD}( {FIELD}){{4}}|every .+")
# HTTP → google.rpc.Code, as google/rpc/code.proto pairs them.
CODES = {400: 3, 401: 16, 403: 7, 404: 5, 409: 10, 429: 8, 500: 13, 501: 12, 503: 14, 504: 4}
UNKNOWN, UNAVAILABLE = 2, 14
DEADLINE = "180s"  # https://cloud.google.com/scheduler/docs/reference/rest/v1/projects.locations.jobs


def check(service: Service, job: Json) -> None:
    target = job.get("httpTarget", {})
    if not CRON.fullmatch(job.get("schedule", "")):
        raise InvalidArgument(f"Schedule {job.get('schedule')!r} is no cron expression of five fields.")
    if job.get("timeZone", "UTC") not in zoneinfo.available_timezones():
        raise InvalidArgument(f"Time zone {job['timeZone']!r} is not in the tz database.")
    if not target.get("uri", "").startswith(("http://", "https://")):
        raise InvalidArgument("A job needs httpTarget.uri, beginning with http:// or https://.")
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
        """Sends the job's request now, paused or not, and keeps how it ended."""
        job = collection.Collection(self.service, JOBS)
        status = self.attempt(job.get(call))
        return job.write(call, lambda old: old | {"lastAttemptTime": now(), "status": status})

    def attempt(self, job: Json) -> Json:
        """The google.rpc.Status of one request; {} when it was answered with 2xx."""
        target = job["httpTarget"]
        url = local(self.service.state, target["uri"])
        if not url:
            return {"code": UNAVAILABLE, "message": f"{target['uri']} is not in this sandbox."}
        try:
            answer = requests.request(
                target.get("httpMethod", "POST"),
                url,
                data=base64.b64decode(target.get("body", "")),
                headers=target.get("headers", {}) | authorization(target),
                timeout=float(job.get("attemptDeadline", DEADLINE).rstrip("s")),
            )
        except requests.RequestException as error:
            return {"code": UNAVAILABLE, "message": str(error)}
        return {} if answer.ok else {"code": CODES.get(answer.status_code, UNKNOWN), "message": answer.text}


def local(state: State, uri: str) -> str:
    """Where a public address is on this machine; "" for what is not here, as nothing may leave it."""
    parts = urlsplit(uri)
    if parts.hostname == "127.0.0.1":
        return uri
    api, _, domain = (parts.hostname or "").partition(".")
    prefix = {"cloudscheduler": "scheduler"}.get(api, api)
    query = f"?{parts.query}" if parts.query else ""
    return f"{state.address}/{prefix}{parts.path}{query}" if domain == "googleapis.com" else ""


def authorization(target: Json) -> dict[str, str]:
    """The caller is the service account that the target names."""
    for kind in ("oauthToken", "oidcToken"):
        if kind in target:
            return {"Authorization": f"Bearer {token_of(target[kind]['serviceAccountEmail'])}"}
    return {}
