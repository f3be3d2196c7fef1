"""Cloud Run Jobs: the resources, and executions that really run what they declare."""

import re
from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import BaseRoute, Route

from sandbox.jobs import executions
from sandbox.jobs.job import JOBS, ROLES
from sandbox.jobs.runner import Runner
from sandbox.resources import collection
from sandbox.resources.errors import FailedPrecondition, PermissionDenied
from sandbox.resources.etags import check_etag
from sandbox.resources.paging import page
from sandbox.resources.policies import granted
from sandbox.resources.secret_manager import SecretVersions
from sandbox.resources.service import Call, Service
from sandbox.resources.store import Json, Store
from sandbox.state import State

# A GET of a running operation waits that long for its end: Google's client sleeps up to 20 s between two.
HELD_SECONDS = 5.0


def routes(state: State) -> list[BaseRoute]:
    store = Store(state.root)
    service = Service(state, store, "/run/v2")
    runner = Runner(service, SecretVersions(Service(state, store, "/secretmanager/v1")))
    runner.bury()
    jobs = Jobs(service, runner)
    job, execution = f"{JOBS.collection}/{{id}}", f"{JOBS.collection}/{{id}}/executions/{{execution}}"
    return [
        service.route("POST", f"{job}:run", jobs.run),
        service.route("DELETE", job, jobs.delete, "etag"),
        service.route("POST", f"{execution}:cancel", jobs.cancel),
        service.route("GET", execution, lambda call: service.find(execution.format(**call.path))),
        service.route("GET", f"{job}/executions", jobs.executions, "pageSize pageToken"),
        service.route("GET", "projects/{project}/locations/{location}/operations/{id}", jobs.operation),
        *collection.routes(service, JOBS),
        Route("/run/logs/{job}/{execution}", lambda request: log(request, runner)),
        service.unserved(),
    ]


@dataclass(frozen=True)
class Jobs:
    service: Service
    runner: Runner

    def run(self, call: Call) -> Json:
        job = self.service.find(f"{JOBS.collection}/{{id}}".format(**call.path))
        check_etag(job, call.body.get("etag", ""))
        overrides = call.body.get("overrides", {})
        self.permit(call, job["name"], "run.jobs.runWithOverrides" if overrides else "run.jobs.run")
        execution = executions.new(job, overrides, f"{self.service.state.address}/run/logs")
        self.runner.start(execution, overrides)
        return self.follow(call, execution, "run")

    def permit(self, call: Call, job: str, permission: str) -> None:
        """Running with overrides is a permission of its own, and `roles/run.invoker` does not hold it."""
        if call.caller and not granted(self.service, job, call.caller, ROLES[permission]):
            raise PermissionDenied(
                f"Permission {permission!r} denied on resource {job!r} (or resource may not exist) "
                f"for {call.caller}."
            )

    def cancel(self, call: Call) -> Json:
        name = f"{JOBS.collection}/{{id}}/executions/{{execution}}".format(**call.path)
        execution = self.service.find(name)
        if not self.runner.cancel(name):
            raise FailedPrecondition(
                f"Execution {call.path['execution']!r} cannot be cancelled because it is not running."
            )
        return self.follow(call, execution, "cancel")

    def follow(self, call: Call, execution: Json, verb: str) -> Json:
        """An operation that stands for the execution from now on. A cancel that is done has no error."""
        parent = "projects/{project}/locations/{location}/operations".format(**call.path)
        name = f"{parent}/{verb}-{execution['uid']}"
        followed = {"name": name, "execution": execution["name"]}
        self.service.store.put(self.service.key(name), followed)
        return executions.operation(name, execution, None)

    def operation(self, call: Call) -> Json:
        kept = self.service.find(
            "projects/{project}/locations/{location}/operations/{id}".format(**call.path)
        )
        if "execution" not in kept:
            return kept
        self.runner.wait(kept["execution"], HELD_SECONDS)
        execution = self.service.find(kept["execution"])
        error = self.service.store.get(self.service.key(f"{kept['execution']}:error"))
        return executions.operation(
            kept["name"], execution, error if call.path["id"].startswith("run-") else None
        )

    def executions(self, call: Call) -> Json:
        job = f"{JOBS.collection}/{{id}}".format(**call.path)
        self.service.find(job)
        newest_first = self.service.store.children(self.service.key(f"{job}/executions"))[::-1]
        return page(newest_first, "executions", call.query)

    def delete(self, call: Call) -> Json:
        """Ends what runs, unless the request is refused."""
        name = f"{JOBS.collection}/{{id}}".format(**call.path)
        check_etag(self.service.find(name), call.query.get("etag", ""))
        self.runner.cancel_all(name)
        return collection.Collection(self.service, JOBS).delete(call)


def log(request: Request, runner: Runner) -> Response:
    """The output of an execution so far, as plain text."""
    job, execution = request.path_params["job"], request.path_params["execution"]
    path = runner.log(job, execution)
    if not re.fullmatch("[a-z0-9-]+/[a-z0-9-]+", f"{job}/{execution}") or not path.exists():
        return PlainTextResponse(f"There is no log of execution {execution} of job {job}.\n", 404)
    return PlainTextResponse(path.read_text(errors="replace"))
