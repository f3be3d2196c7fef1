"""The calls of BigQuery's API that the connector makes, and what it reads of their answers.

https://cloud.google.com/bigquery/docs/reference/rest"""

from collections.abc import Mapping
from typing import Any

import msgspec
import requests

from connector.service import MULTIPART, Service, decoded, multipart

FACTS = {404, 409}  # no such table or job, and a job of that id
PATIENCE = 10_000  # milliseconds that BigQuery holds an answer back, waiting for the end of a query
POLLS = (0.1, 2.0)  # seconds between two looks at a job: at first, and at most

Json = dict[str, Any]


class Problem(msgspec.Struct, frozen=True):
    """https://cloud.google.com/bigquery/docs/error-messages#errortable"""

    reason: str = ""
    location: str = ""
    message: str = ""


class Reference(msgspec.Struct, frozen=True):
    jobId: str


class Status(msgspec.Struct, frozen=True):
    state: str = ""
    errorResult: Problem | None = None
    errors: list[Problem] = []


class Dml(msgspec.Struct, frozen=True):
    numDmlAffectedRows: str = "0"


class Statistics(msgspec.Struct, frozen=True):
    query: Dml = Dml()


class Job(msgspec.Struct, frozen=True):
    jobReference: Reference
    status: Status
    statistics: Statistics = Statistics()

    @property
    def id(self) -> str:
        return self.jobReference.jobId

    @property
    def affected(self) -> int:
        """Rows that a statement wrote."""
        return int(self.statistics.query.numDmlAffectedRows)


class Cell(msgspec.Struct, frozen=True):
    v: str | None


class Row(msgspec.Struct, frozen=True):
    f: list[Cell]


class Results(msgspec.Struct, frozen=True):
    jobReference: Reference
    jobComplete: bool = False
    rows: list[Row] = []


class BigQuery:
    """In one project and location. A call raises one of service.Failure when it cannot be done."""

    def __init__(self, service: Service, project: str, location: str) -> None:
        self.service = service
        self.project = project
        self.location = location
        self.path = f"/bigquery/v2/projects/{project}"

    def insert(self, job_id: str, configuration: Json) -> Job | None:
        """The job, sent once; None if its id is taken."""
        body = msgspec.json.encode(self.described(job_id, configuration))
        return begun(self.service.send_once("POST", f"{self.path}/jobs", {}, body))

    def upload(self, job_id: str, configuration: Json, content: bytes) -> Job | None:
        """As `insert`, with the content to load."""
        query = {"uploadType": "multipart"}
        body = multipart(self.described(job_id, configuration), content)
        return begun(self.service.send_once("POST", f"/upload{self.path}/jobs", query, body, MULTIPART))

    def described(self, job_id: str, configuration: Json) -> Json:
        reference = {"projectId": self.project, "jobId": job_id, "location": self.location}
        return {"jobReference": reference, "configuration": configuration}

    def job(self, job_id: str) -> Job | None:
        answer = self.service.send("GET", f"{self.path}/jobs/{job_id}", {"location": self.location})
        return decoded(answer, Job) if answer.ok else None

    def ended(self, job: Job) -> Job:
        """The job when it is done, well or not."""
        pause, most = POLLS
        while job.status.state != "DONE":
            self.service.retries.sleep(pause)
            pause = min(most, 1.5 * pause)
            job = self.job(job.id) or job
        return job

    def query(self, sql: str, parameters: Mapping[str, str], limit: int, labels: Json) -> list[list[Any]]:
        """Rows of texts, one page of them. `parameters` are strings; `limit` in bytes billed."""
        asked = {
            "query": sql,
            "useLegacySql": False,
            "location": self.location,
            "timeoutMs": PATIENCE,
            "maximumBytesBilled": str(limit),
            "labels": labels,
            "parameterMode": "NAMED",
            "queryParameters": [parameter(name, value) for name, value in parameters.items()],
        }
        answer = self.service.send("POST", f"{self.path}/queries", {}, msgspec.json.encode(asked))
        results = decoded(answer, Results)
        while not results.jobComplete:
            where = f"{self.path}/queries/{results.jobReference.jobId}"
            query = {"location": self.location, "timeoutMs": str(PATIENCE)}
            results = decoded(self.service.send("GET", where, query), Results)
        return [[cell.v for cell in row.f] for row in results.rows]

    def has(self, table: str) -> bool:
        """`table` is dataset.table."""
        return self.service.send("GET", self.of(table), {"fields": "id"}).ok

    def delete(self, table: str) -> None:
        """Afterwards it is gone."""
        self.service.send("DELETE", self.of(table), {})

    def of(self, table: str) -> str:
        dataset, name = table.split(".")
        return f"{self.path}/datasets/{dataset}/tables/{name}"

    def loading(self, table: str, disposition: str, **more: Any) -> Json:
        """Of newline-delimited JSON: https://cloud.google.com/bigquery/docs/reference/rest/v2/Job"""
        dataset, name = table.split(".")
        return {
            "destinationTable": {"projectId": self.project, "datasetId": dataset, "tableId": name},
            "sourceFormat": "NEWLINE_DELIMITED_JSON",
            "writeDisposition": disposition,
        } | more


def begun(answer: requests.Response) -> Job | None:
    return None if answer.status_code == 409 else decoded(answer, Job)


def parameter(name: str, value: str) -> Json:
    return {"name": name, "parameterType": {"type": "STRING"}, "parameterValue": {"value": value}}
