"""Cloud Run Jobs: the resources, and executions that run the declared command as local processes.

job           the resource type and its permissions
executions    the Execution resource in each state, and its operation
runner        starts, cancels and finishes executions, each in a thread
tasks         environment and command of a task
task_process  the processes of an execution's tasks: retries, timeout
child         wrapper process of one attempt
"""

import re
from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import BaseRoute, Route

from sandbox.jobs import executions
from sandbox.jobs.job import JOBS
from sandbox.jobs.runner import Runner
from sandbox.resources import collection
from sandbox.resources.errors import FailedPrecondition
from sandbox.resources.etags import check_etag
from sandbox.resources.paging import page
from sandbox.resources.secret_manager import SecretVersions
from sandbox.resources.service import Call, Service
from sandbox.resources.store import Json, Store
from sandbox.state import State

JOB = f"{JOBS.collection}/{{id}}"
EXECUTION = f"{JOB}/executions/{{execution}}"
OPERATIONS = "projects/{project}/locations/{location}/operations"
# Long poll of a running operation: Google's client sleeps up to 20 s between two requests, so an early
# "not done" would make every short job take that long.
LONG_POLL_SECONDS = 5.0


def routes(state: State) -> list[BaseRoute]:
    store = Store(state.root)
    service = Service(state, store, "/run/v2")
    runner = Runner(service, SecretVersions(Service(state, store, "/secretmanager/v1")))
    # Before the first request: a client that polls an interrupted execution would wait forever.
    runner.fail_interrupted()
    jobs = Jobs(service, runner)
    return [
        service.route("POST", f"{JOB}:run", jobs.run),
        # Before the general routes, of which the first that matches is used: their DELETE stops no process.
        service.route("DELETE", JOB, jobs.delete, "etag"),
        service.route("POST", f"{EXECUTION}:cancel", jobs.cancel),
        service.route("GET", EXECUTION, lambda call: service.find(EXECUTION.format(**call.path))),
        service.route("GET", f"{JOB}/executions", jobs.list_executions, "pageSize pageToken"),
        service.route("GET", f"{OPERATIONS}/{{id}}", jobs.get_operation),
        *collection.routes(service, JOBS),
        Route("/run/logs/{job}/{execution}", lambda request: read_log(request, runner)),
        service.unserved(),
    ]


@dataclass(frozen=True)
class Jobs:
    service: Service
    runner: Runner

    def run(self, call: Call) -> Json:
        job = self.service.find(JOB.format(**call.path))
        check_etag(job, call.body.get("etag", ""))
        overrides = call.body.get("overrides", {})
        execution = executions.create_execution(job, overrides, f"{self.service.state.address}/run/logs")
        self.runner.start(execution, overrides)
        return self.create_operation(call, execution, "run")

    def cancel(self, call: Call) -> Json:
        name = EXECUTION.format(**call.path)
        execution = self.service.find(name)
        if not self.runner.cancel(name):
            raise FailedPrecondition(
                f"Execution {call.path['execution']!r} cannot be cancelled because it is not running."
            )
        return self.create_operation(call, execution, "cancel")

    def create_operation(self, call: Call, execution: Json, verb: str) -> Json:
        """Stores an operation that refers to the execution; its state is read from the execution later."""
        name = f"{OPERATIONS.format(**call.path)}/{verb}-{execution['uid']}"
        self.service.store.put(self.service.key(name), {"name": name, "execution": execution["name"]})
        return executions.operation(name, execution, None)

    def get_operation(self, call: Call) -> Json:
        stored = self.service.find(f"{OPERATIONS}/{{id}}".format(**call.path))
        if "execution" not in stored:
            return stored  # of a change of a job: done at once
        self.runner.wait(stored["execution"], LONG_POLL_SECONDS)
        # The execution is read before the error: both are written in one transaction, so an execution that has
        # ended has its error.
        execution = self.service.find(stored["execution"])
        error = self.service.store.get(self.service.key(f"{stored['execution']}:error"))
        # A cancellation succeeds although the execution that it cancelled has failed.
        is_run = call.path["id"].startswith("run-")
        return executions.operation(stored["name"], execution, error if is_run else None)

    def list_executions(self, call: Call) -> Json:
        job = JOB.format(**call.path)
        self.service.find(job)
        newest_first = self.service.store.children(self.service.key(f"{job}/executions"))[::-1]
        return page(newest_first, "executions", call.query)

    def delete(self, call: Call) -> Json:
        """Checks the etag before it cancels running executions: a rejected request changes nothing."""
        name = JOB.format(**call.path)
        check_etag(self.service.find(name), call.query.get("etag", ""))
        self.runner.cancel_all(name)
        return collection.Collection(self.service, JOBS).delete(call)


def read_log(request: Request, runner: Runner) -> Response:
    """The output of an execution so far, as plain text."""
    job, execution = request.path_params["job"], request.path_params["execution"]
    path = runner.log_path(job, execution)
    # The pattern is checked before the path is used: `..` would leave the folder of logs.
    if not re.fullmatch("[a-z0-9-]+/[a-z0-9-]+", f"{job}/{execution}") or not path.exists():
        return PlainTextResponse(f"Log of execution {execution!r} of job {job!r} not found.\n", 404)
    # A job may print any bytes, and the last character of a running one may be incomplete.
    return PlainTextResponse(path.read_text(errors="replace"))
