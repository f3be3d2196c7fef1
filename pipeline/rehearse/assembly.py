"""The job with its clients."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from google.api_core.client_options import ClientOptions
from google.cloud import bigquery
from google.cloud.dataform_v1 import DataformClient

from pipeline.dataform import DataformRunner
from pipeline.errors import WorkflowFailed
from pipeline.polling import Poller
from pipeline.rehearse.record import Candidate, write_record
from pipeline.rehearse.rehearsal import Rehearsal
from pipeline.rehearse.settings import read_settings
from pipeline.rehearse.tables import Warehouse
from pipeline.rehearse.workflow import Workflow
from runtime.credentials import default_credentials
from runtime.structured_log import StructuredLog


@dataclass(frozen=True)
class Job:
    rehearsal: Rehearsal
    execute: Callable[[str, Mapping[str, str]], object]

    def run(self, result: str, candidate: Candidate, *, incremental_only: bool) -> None:
        """WorkflowFailed, after it was recorded, if the candidate cannot be run."""
        outcome = self.rehearsal.run(result, incremental_only=incremental_only)
        write_record(self.execute, candidate, outcome)
        if outcome.failure:
            raise WorkflowFailed(outcome.failure)


def create_job(environ: Mapping[str, str], log: StructuredLog) -> Job:
    settings = read_settings(environ)
    credentials = default_credentials()
    client = bigquery.Client(settings.project, credentials=credentials, location=settings.location)
    options = ClientOptions(api_endpoint=settings.dataform_endpoint)
    dataform = DataformClient(credentials=credentials, transport="rest", client_options=options)
    poller = Poller(time.sleep, lambda: None)
    runner = DataformRunner(dataform, settings.repository, settings.service_account, poller)

    def execute(sql: str, parameters: Mapping[str, str]) -> object:
        values = [bigquery.ScalarQueryParameter(name, "STRING", text) for name, text in parameters.items()]
        return client.query_and_wait(sql, job_config=bigquery.QueryJobConfig(query_parameters=values))

    return Job(Rehearsal(Warehouse(client), Workflow(dataform, runner), log), execute)
