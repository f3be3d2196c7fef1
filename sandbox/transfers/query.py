"""Runs the query of a transfer run on the sandbox's BigQuery, as the service account of its config."""

import time
from dataclasses import dataclass
from datetime import UTC, datetime

import requests

from sandbox.metadata import token_of
from sandbox.resources.service import Service
from sandbox.resources.store import Json
from sandbox.state import PROJECT_NUMBER
from sandbox.transfers import template

# What the service's agent does for a run: it starts the job as the account of the config, and logs its end.
# https://cloud.google.com/iam/docs/roles-permissions/bigquerydatatransfer
AGENT = f"service-{PROJECT_NUMBER}@gcp-sa-bigquerydatatransfer.iam.gserviceaccount.com"
AGENT_NEEDS = ("bigquery.jobs.create", "logging.logEntries.create")
TOKEN = "iam.serviceAccounts.getAccessToken"
# reason of a BigQuery error → google.rpc.Code
CODES = {"invalidQuery": 3, "invalid": 3, "notFound": 5, "accessDenied": 7, "duplicate": 6}
DENIED, INVALID, UNKNOWN = 7, 3, 2
POLL_SECONDS = 0.2


class QueryFailed(Exception):
    """BigQuery rejected the query, or its job failed; `status` is a google.rpc.Status."""

    def __init__(self, code: int, message: str) -> None:
        super().__init__(message)
        self.status: Json = {"code": code, "message": message}


def run_query(service: Service, run: Json, run_time: datetime, owner: str) -> Json | None:
    """Runs the query of `run` to its end. Returns the google.rpc.Status of a failure, or None."""
    warehouse = Warehouse(service, owner)
    try:
        warehouse.check_agent()
        query = configuration(service.state.project, run, run_time)
        warehouse.check_destination(query)
        warehouse.run_job(query, f"scheduled_query_{run['name'].rsplit('/', 1)[-1]}")
    except QueryFailed as failed:
        return failed.status
    return None


def configuration(project: str, run: Json, run_time: datetime) -> Json:
    """The `configuration.query` of the job. Both parameters are set even if the query uses neither."""
    parameters = run["params"]
    utc = run_time.astimezone(UTC)
    query: Json = {
        "query": parameters["query"],
        "useLegacySql": False,
        "parameterMode": "NAMED",
        "queryParameters": [
            parameter("run_time", "TIMESTAMP", utc.isoformat()),
            parameter("run_date", "DATE", utc.date().isoformat()),
        ],
    }
    if "destinationDatasetId" in run:
        query |= destination(project, run["destinationDatasetId"], parameters, run_time)
    return query


def destination(project: str, dataset: str, parameters: Json, run_time: datetime) -> Json:
    table = template.table_name(parameters["destination_table_name_template"], run_time)
    if "$" in table:
        raise QueryFailed(
            INVALID, f"The sandbox cannot write to the partition {table!r}, only to a whole table."
        )
    reference = {"projectId": project, "datasetId": dataset, "tableId": table}
    kind = parameters.get("partitioning_type") or "DAY"
    field = parameters.get("partitioning_field")
    partitioning = {"timePartitioning": {"type": kind, "field": field}} if field else {}
    return {
        "destinationTable": reference,
        "writeDisposition": parameters.get("write_disposition") or "WRITE_APPEND",
        "createDisposition": "CREATE_IF_NEEDED",
        **partitioning,
    }


def parameter(name: str, kind: str, value: str) -> Json:
    return {"name": name, "parameterType": {"type": kind}, "parameterValue": {"value": value}}


@dataclass(frozen=True)
class Warehouse:
    """BigQuery's jobs with the permissions of `owner`, an e-mail address; "" may do everything."""

    service: Service
    owner: str

    def check_agent(self) -> None:
        """A config without a service account runs as the person who created it."""
        access, project = self.service.access, f"projects/{self.service.state.project}"
        if not access.enforced(self.owner):
            return
        needed = [(name, project) for name in AGENT_NEEDS]
        needed.append((TOKEN, f"{project}/serviceAccounts/{self.owner}"))
        for permission, resource in needed:
            if not access.allowed(AGENT, permission, f"iam/v1/{resource}"):
                raise QueryFailed(
                    DENIED,
                    f"Permission {permission!r} denied on resource {resource!r} for {AGENT}: grant it "
                    "roles/bigquerydatatransfer.serviceAgent on the project.",
                )

    def check_destination(self, query: Json) -> None:
        """BigQuery allows a destination only for SELECT; local-bigquery does not check it."""
        if "destinationTable" not in query:
            return
        planned = self.request("POST", "", {"configuration": {"query": query, "dryRun": True}})
        kind = planned["statistics"]["query"].get("statementType", "SELECT")
        if kind == "SCRIPT":
            raise QueryFailed(INVALID, "configuration.query.destinationTable cannot be set for scripts")
        if kind != "SELECT":
            raise QueryFailed(INVALID, "Cannot set destination table in jobs with DML statements")

    def run_job(self, query: Json, job_id: str) -> None:
        """Submits the job and polls it until it has ended."""
        reference = {"projectId": self.service.state.project, "jobId": job_id}
        labels = {"data_source_id": "scheduled_query"}
        job = self.request(
            "POST", "", {"jobReference": reference, "configuration": {"query": query, "labels": labels}}
        )
        while job["status"]["state"] != "DONE":
            time.sleep(POLL_SECONDS)
            job = self.request("GET", f"/{job_id}", None)

    def request(self, method: str, path: str, body: Json | None) -> Json:
        """Returns the job resource; raises QueryFailed if the job has failed or was rejected."""
        state = self.service.state
        url = f"{state.address}/bigquery/v2/projects/{state.project}/jobs{path}"
        headers = {"Authorization": f"Bearer {token_of(self.owner)}"}
        response = requests.request(method, url, json=body, headers=headers, timeout=600)
        job: Json = response.json()
        failure: Json = (
            job.get("status", {}).get("errorResult", {}) if response.ok else first_error(job["error"])
        )
        if failure:
            raise QueryFailed(CODES.get(failure.get("reason", ""), UNKNOWN), failure["message"])
        return job


def first_error(error: Json) -> Json:
    """The error of a rejected request in the format of a failed job's `errorResult`."""
    (first, *_) = error.get("errors") or [{"message": error["message"]}]
    return dict(first)
