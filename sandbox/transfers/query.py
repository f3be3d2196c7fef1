"""The query of a run, on the sandbox's BigQuery, as the identity of its config."""

import time
from dataclasses import dataclass
from datetime import UTC, datetime

import requests

from sandbox.metadata import token_of
from sandbox.resources.policies import granted
from sandbox.resources.service import Service
from sandbox.resources.store import Json
from sandbox.transfers import template

# https://cloud.google.com/bigquery/docs/access-control
JOB_CREATORS = {"roles/bigquery.jobUser", "roles/bigquery.user", "roles/bigquery.admin", "roles/owner"}
# reason of a BigQuery error → google.rpc.Code
CODES = {"invalidQuery": 3, "invalid": 3, "notFound": 5, "accessDenied": 7, "duplicate": 6}
DENIED, INVALID, UNKNOWN = 7, 3, 2
POLL_SECONDS = 0.2


class Refused(Exception):
    """A query that BigQuery did not run to its end; `status` is its google.rpc.Status."""

    def __init__(self, code: int, message: str) -> None:
        super().__init__(message)
        self.status: Json = {"code": code, "message": message}


def error(service: Service, run: Json, run_time: datetime, owner: str) -> Json | None:
    """Runs the query of `run` to its end; returns what it failed with, None if it did not."""
    warehouse = Warehouse(service, owner)
    try:
        warehouse.permit()
        run_query = configuration(service.state.project, run, run_time)
        warehouse.check(run_query)
        warehouse.job(run_query, f"scheduled_query_{run['name'].rsplit('/', 1)[-1]}")
    except Refused as refused:
        return refused.status
    return None


def configuration(project: str, run: Json, run_time: datetime) -> Json:
    """The `configuration.query` of the job. Both parameters are there whether the query uses them or not."""
    parameters = run["params"]
    moment = run_time.astimezone(UTC)
    asked: Json = {
        "query": parameters["query"],
        "useLegacySql": False,
        "parameterMode": "NAMED",
        "queryParameters": [
            parameter("run_time", "TIMESTAMP", moment.isoformat()),
            parameter("run_date", "DATE", moment.date().isoformat()),
        ],
    }
    if "destinationDatasetId" in run:
        asked |= destination(project, run["destinationDatasetId"], parameters, run_time)
    return asked


def destination(project: str, dataset: str, parameters: Json, run_time: datetime) -> Json:
    table = template.table(parameters["destination_table_name_template"], run_time)
    if "$" in table:
        raise Refused(INVALID, f"This sandbox writes whole tables, not the partition {table!r}.")
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
    """BigQuery's jobs as `owner` (an e-mail) sees them; "" is a person, who may do everything."""

    service: Service
    owner: str

    def permit(self) -> None:
        project = self.service.state.project
        if self.owner and not granted(self.service, f"projects/{project}", self.owner, JOB_CREATORS):
            raise Refused(
                DENIED,
                f"Access Denied: Project {project}: User does not have bigquery.jobs.create permission "
                f"in project {project} ({self.owner}).",
            )

    def check(self, query: Json) -> None:
        """A destination is for SELECT alone; local-bigquery would let it pass."""
        if "destinationTable" not in query:
            return
        planned = self.ask("POST", "", {"configuration": {"query": query, "dryRun": True}})
        kind = planned["statistics"]["query"].get("statementType", "SELECT")
        if kind == "SCRIPT":
            raise Refused(INVALID, "configuration.query.destinationTable cannot be set for scripts")
        if kind != "SELECT":
            raise Refused(INVALID, "Cannot set destination table in jobs with DML statements")

    def job(self, query: Json, identity: str) -> None:
        """Runs it and waits for its end."""
        reference = {"projectId": self.service.state.project, "jobId": identity}
        labels = {"data_source_id": "scheduled_query"}
        job = self.ask(
            "POST", "", {"jobReference": reference, "configuration": {"query": query, "labels": labels}}
        )
        while job["status"]["state"] != "DONE":
            time.sleep(POLL_SECONDS)
            job = self.ask("GET", f"/{identity}", None)

    def ask(self, method: str, path: str, body: Json | None) -> Json:
        """A job as BigQuery answers it; raises Refused if it has failed."""
        state = self.service.state
        url = f"{state.address}/bigquery/v2/projects/{state.project}/jobs{path}"
        headers = {"Authorization": f"Bearer {token_of(self.owner)}"}
        answer = requests.request(method, url, json=body, headers=headers, timeout=600)
        job: Json = answer.json()
        failure: Json = job.get("status", {}).get("errorResult", {}) if answer.ok else refusal(job["error"])
        if failure:
            raise Refused(CODES.get(failure.get("reason", ""), UNKNOWN), failure["message"])
        return job


def refusal(error: Json) -> Json:
    """What BigQuery refuses at once, as a job that failed has it."""
    (first, *_) = error.get("errors") or [{"message": error["message"]}]
    return dict(first)
