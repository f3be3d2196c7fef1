"""BigQuery Data Transfer: scheduled queries, which really run when somebody asks for it.

https://cloud.google.com/bigquery/docs/reference/datatransfer/rest
"""

from dataclasses import dataclass
from datetime import UTC, datetime

from starlette.routing import BaseRoute

from sandbox.resources import collection
from sandbox.resources.clock import parse_time
from sandbox.resources.errors import InvalidArgument
from sandbox.resources.paging import page
from sandbox.resources.service import Call, Service
from sandbox.resources.store import Json, Store
from sandbox.state import State
from sandbox.transfers import config, runs
from sandbox.transfers.runner import Runner

CREDENTIALS = "serviceAccountName authorizationCode versionInfo"


def routes(state: State) -> list[BaseRoute]:
    service = Service(state, Store(state.root), "/bigquerydatatransfer/v1")
    runner = Runner(service)
    runner.bury()
    transfers = Transfers(service, runner)
    configs, one = config.CONFIGS.collection, f"{config.CONFIGS.collection}/{{id}}"
    run = f"{one}/runs/{{run}}"
    return [
        service.route("POST", configs, transfers.create, CREDENTIALS),
        service.route("PATCH", one, transfers.patch, f"updateMask {CREDENTIALS}"),
        service.route("POST", f"{one}:startManualRuns", transfers.start),
        service.route("GET", f"{one}/runs", transfers.runs, "pageSize pageToken states runAttempt"),
        service.route("GET", run, lambda call: service.find(run.format(**call.path))),
        service.route("GET", f"{run}/transferLogs", transfers.logs, "pageSize pageToken messageTypes"),
        *collection.routes(service, config.CONFIGS),
        service.unserved(),
    ]


@dataclass(frozen=True)
class Transfers:
    service: Service
    runner: Runner

    def create(self, call: Call) -> Json:
        with self.service.store.change():
            owner = self.owner(call)
            made = collection.Collection(self.service, config.CONFIGS).create(call)
            return self.keep(made | owner)

    def patch(self, call: Call) -> Json:
        """The identity is no field: it comes beside the body, and the mask may name it all the same."""
        asked = [path for path in call.query.get("updateMask", "").split(",") if path]
        paths = [path for path in asked if path not in ("serviceAccountName", "service_account_name")]
        owner = self.owner(call) if len(paths) < len(asked) else {}
        rest = collection.Collection(self.service, config.CONFIGS)
        with self.service.store.change():
            if paths or not asked:
                call.query["updateMask"] = ",".join(paths)
                return self.keep(rest.patch(call) | owner)
            return self.keep(rest.get(call) | owner)

    def owner(self, call: Call) -> Json:
        email = call.query.get("serviceAccountName", "")
        account = f"/iam/v1/projects/{self.service.state.project}/serviceAccounts/{email}"
        if email and not self.service.store.get(account):
            raise InvalidArgument(f"Service account {email} does not exist.")
        return {"ownerInfo": {"email": email}} if email else {}

    def keep(self, kept: Json) -> Json:
        self.service.store.put(self.service.key(runs.keyed(self.service, kept["name"])), kept)
        return kept

    def start(self, call: Call) -> Json:
        """Runs the query now, for the time that the request names."""
        transfer = self.service.find(f"{config.CONFIGS.collection}/{{id}}".format(**call.path))
        moment = asked_time(call.body)
        if moment > datetime.now(UTC):
            raise InvalidArgument(f"requestedRunTime must not be in the future: {moment.isoformat()}.")
        return {"runs": [self.runner.start(transfer, moment)]}

    def runs(self, call: Call) -> Json:
        """Newest first."""
        name = f"{config.CONFIGS.collection}/{{id}}".format(**call.path)
        self.service.find(name)
        every = self.service.store.children(self.service.key(f"{name}/runs"))[::-1]
        wanted = call.query.get("states")
        return page([run for run in every if wanted in (None, run["state"])], "transferRuns", call.query)

    def logs(self, call: Call) -> Json:
        run = f"{config.CONFIGS.collection}/{{id}}/runs/{{run}}".format(**call.path)
        self.service.find(run)
        kept = self.service.store.get(self.service.key(f"{run}:log")) or {"messages": []}
        return page(kept["messages"], "transferMessages", call.query)


def asked_time(body: Json) -> datetime:
    try:
        return parse_time(body["requestedRunTime"])
    except (KeyError, TypeError, ValueError) as error:
        raise InvalidArgument("requestedRunTime must be a time, as 2026-11-21T06:00:00Z.") from error
