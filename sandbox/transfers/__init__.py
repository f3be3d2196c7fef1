"""BigQuery Data Transfer: scheduled queries, which run when a client requests it (`:startManualRuns`).

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
CONFIG = f"{config.CONFIGS.collection}/{{id}}"
RUN = f"{CONFIG}/runs/{{run}}"


def routes(state: State) -> list[BaseRoute]:
    service = Service(state, Store(state.root), "/bigquerydatatransfer/v1")
    runner = Runner(service)
    # Before the first request: a client that polls an interrupted run would wait for ever.
    runner.fail_interrupted()
    transfers = Transfers(service, runner)
    return [
        service.route("POST", config.CONFIGS.collection, transfers.create, CREDENTIALS),
        service.route("PATCH", CONFIG, transfers.patch, f"updateMask {CREDENTIALS}"),
        service.route("POST", f"{CONFIG}:startManualRuns", transfers.start),
        service.route("GET", f"{CONFIG}/runs", transfers.list_runs, "pageSize pageToken states runAttempt"),
        service.route("GET", RUN, lambda call: service.find(RUN.format(**call.path))),
        service.route("GET", f"{RUN}/transferLogs", transfers.list_logs, "pageSize pageToken messageTypes"),
        *collection.routes(service, config.CONFIGS),
        service.unserved(),
    ]


@dataclass(frozen=True)
class Transfers:
    service: Service
    runner: Runner

    def create(self, call: Call) -> Json:
        with self.service.store.change():
            owner = self.owner_info(call)
            # In one transaction: a config whose owner is unknown would run with all rights.
            created = collection.Collection(self.service, config.CONFIGS).create(call)
            return self.store_config(created | owner)

    def patch(self, call: Call) -> Json:
        """The service account is not a field of the config but a parameter; the mask may still name it."""
        mask = [path for path in call.query.get("updateMask", "").split(",") if path]
        fields = [path for path in mask if path not in ("serviceAccountName", "service_account_name")]
        owner = self.owner_info(call) if len(fields) < len(mask) else {}
        configs = collection.Collection(self.service, config.CONFIGS)
        with self.service.store.change():
            if fields or not mask:
                call.query["updateMask"] = ",".join(fields)
                return self.store_config(configs.patch(call) | owner)
            return self.store_config(configs.get(call) | owner)

    def owner_info(self, call: Call) -> Json:
        email = call.query.get("serviceAccountName", "")
        account = f"/iam/v1/projects/{self.service.state.project}/serviceAccounts/{email}"
        if email and not self.service.store.get(account):
            raise InvalidArgument(f"Service account {email} does not exist.")
        return {"ownerInfo": {"email": email}} if email else {}

    def store_config(self, transfer: Json) -> Json:
        self.service.store.put(self.service.key(runs.stored_name(self.service, transfer["name"])), transfer)
        return transfer

    def start(self, call: Call) -> Json:
        """Starts one run for the time that the request names."""
        transfer = self.service.find(CONFIG.format(**call.path))
        run_time = parse_run_time(call.body)
        if run_time > datetime.now(UTC):
            raise InvalidArgument(f"requestedRunTime must not be in the future: {run_time.isoformat()}.")
        return {"runs": [self.runner.start(transfer, run_time)]}

    def list_runs(self, call: Call) -> Json:
        """Newest first."""
        name = CONFIG.format(**call.path)
        self.service.find(name)
        newest_first = self.service.store.children(self.service.key(f"{name}/runs"))[::-1]
        state = call.query.get("states")
        matching = [run for run in newest_first if state in (None, run["state"])]
        return page(matching, "transferRuns", call.query)

    def list_logs(self, call: Call) -> Json:
        run = RUN.format(**call.path)
        self.service.find(run)
        log = self.service.store.get(self.service.key(f"{run}:log")) or {"messages": []}
        return page(log["messages"], "transferMessages", call.query)


def parse_run_time(body: Json) -> datetime:
    try:
        return parse_time(body["requestedRunTime"])
    except (KeyError, TypeError, ValueError) as error:
        raise InvalidArgument(
            f"requestedRunTime {body.get('requestedRunTime')!r} must be a time, for example "
            "2026-11-21T06:00:00Z."
        ) from error
