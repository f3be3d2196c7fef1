"""A run against the sandbox: Cloud Run jobs that really run, Dataform with the real CLI behind it."""

import io
import time
import uuid

import pytest
import requests
from google.api_core import exceptions
from google.auth.credentials import AnonymousCredentials
from google.cloud import dataform_v1, run_v2

from demo.cloud import Cloud
from pipeline.assembly import Clients, actions
from pipeline.errors import NothingReleased, Unavailable, Unfinished
from pipeline.jobs import ended
from pipeline.patience import Patience
from pipeline.report import Report
from pipeline.run import Run
from pipeline.settings import Settings

# Stands for the connector: refuses products, if it is told to be a bad one.
CONNECTOR = "import sys; print(sys.argv); sys.exit(sys.argv[1:] == ['--endpoint', '{refused}'])"
PATIENCE = Patience(lambda seconds: time.sleep(min(seconds, 0.3)), lambda: None)
FILES = {
    "workflow_settings.yaml": "dataformCoreVersion: 3.0.62\ndefaultProject: p\ndefaultDataset: {dataset}\n",
    "definitions/day.sqlx": 'config {{ type: "table", tags: ["hourly", "daily"] }}\nSELECT {value} AS units',
    "definitions/month.sqlx": 'config {{ type: "table", tags: ["monthly"] }}\nSELECT 1 AS units',
}


@pytest.fixture
def settings(sandbox):
    """Jobs and a repository of this test's own."""
    mine = uuid.uuid4().hex[:8]
    return Settings(
        project=sandbox.project,
        region="europe-west1",
        bucket="unused",
        connector_job=f"connector-{mine}",
        sheets_sync_job=f"sheets-sync-{mine}",
        dataform_repository=f"warehouse-{mine}",
        dataform_service_account=sandbox.identity("dataform-runner"),
        run_endpoint=f"{sandbox.address}/run",
        dataform_endpoint=f"{sandbox.address}/dataform",
    )


@pytest.fixture
def clients(settings):
    def over_rest(kind, endpoint):
        return kind(
            transport="rest", credentials=AnonymousCredentials(), client_options={"api_endpoint": endpoint}
        )

    return Clients(
        over_rest(run_v2.JobsClient, settings.run_endpoint),
        over_rest(run_v2.ExecutionsClient, settings.run_endpoint),
        over_rest(dataform_v1.DataformClient, settings.dataform_endpoint),
        lease=None,
    )


@pytest.fixture
def steps(settings, clients):
    return lambda schedule="hourly": actions(settings, clients, PATIENCE, schedule, lambda: None)


@pytest.fixture
def declare(sandbox, settings):
    """Make a job that runs `code`; requests, so that nothing here is the client that is tested."""

    def make(job, code):
        container = {"image": "python", "command": ["python", "-c", code]}
        answer = requests.post(
            f"{settings.run_endpoint}/v2/{settings.location}/jobs",
            params={"jobId": job},
            json={"template": {"template": {"containers": [container]}}},
            timeout=30,
        )
        assert answer.ok, answer.text

    return make


@pytest.fixture
def release(clients, settings):
    """Commit the little project, compile it and make it live, as scripts.release does."""

    def make(**words):
        dataset = f"d_{uuid.uuid4().hex[:8]}"
        client, repository = clients.dataform, settings.repository
        client.create_repository(
            parent=settings.location, repository={}, repository_id=settings.dataform_repository
        )
        writes = {
            path: {"write_file": {"contents": text.format(dataset=dataset, **words).encode()}}
            for path, text in FILES.items()
        }
        author = {"name": "a", "email_address": "a@b.example"}
        metadata = {"author": author, "commit_message": "m"}
        client.commit_repository_changes(
            {"name": repository, "commit_metadata": metadata, "file_operations": writes}
        )
        config = {"default_database": settings.project}
        live = client.create_release_config(
            parent=repository,
            release_config={"git_commitish": "main", "code_compilation_config": config},
            release_config_id="live",
        )
        result = client.create_compilation_result(
            parent=repository, compilation_result={"release_config": live.name}
        )
        live.release_compilation_result = result.name
        client.update_release_config(
            release_config=live, update_mask={"paths": ["release_compilation_result"]}
        )
        return dataset

    return make


def test_a_day_runs_from_the_connector_to_the_sheet(sandbox, settings, clients, steps, declare, release):
    declare(settings.connector_job, CONNECTOR.format(refused="nothing"))
    declare(settings.sheets_sync_job, "print('published')")
    dataset = release(value=7)
    said = io.StringIO()
    Run(steps("hourly"), Report(said), iter(range(100)).__next__)("hourly", None)
    warehouse = Cloud(sandbox).bigquery
    assert [tuple(row) for row in warehouse.query_and_wait(f"SELECT units FROM {dataset}.day")] == [(7,)]
    assert [table.table_id for table in warehouse.list_tables(dataset)] == ["day"]  # month is not hourly
    found = clients.executions.list_executions(parent=settings.job(settings.connector_job))
    assert [one.template.containers[0].args for one in found] == [["--endpoint", "sales"]]
    assert "sheets_sync succeeded" in said.getvalue()


def test_the_jobs_and_actions_that_failed_are_named(sandbox, settings, steps, declare, release):
    declare(settings.connector_job, CONNECTOR.format(refused="products"))
    dataset = release(value="nope")
    with pytest.raises(Unfinished) as raised:
        Run(steps("daily"), Report(io.StringIO()), float)("daily", None)
    first, job, workflow, action, last = str(raised.value).splitlines()
    assert first == "daily failed in connector:products, dataform."
    assert job.startswith(f"connector:products: job {settings.connector_job} --endpoint products failed")
    log = requests.get(job.rpartition("Its log: ")[2], timeout=10).text
    assert "'--endpoint', 'products'" in log
    assert workflow == "dataform: Dataform FAILED."
    assert action.startswith(f"  {dataset}.day: bigquery error: Unrecognized name: nope")
    assert f"See {settings.repository}/workflowInvocations/" in action
    assert last == "When that is mended: python -m pipeline daily --from connector:products"


def test_nothing_released_says_what_to_do(settings, clients, steps):
    with pytest.raises(NothingReleased, match="run python -m scripts.release"):
        steps()["dataform"]()


def test_a_job_that_is_not_there_is_named(settings, steps):
    with pytest.raises(Unavailable, match=f"job {settings.sheets_sync_job} could not be started.*not found"):
        steps()["sheets_sync"]()


def test_an_api_that_fails_while_a_job_runs_is_sat_out(settings, clients, declare):
    """Three 503 in a row, and one more later."""
    declare(settings.sheets_sync_job, "import time; time.sleep(1)")
    failures = [True, True, True, False, True]

    class Shaky:
        def get_execution(self, **request):
            if failures and failures.pop(0):
                raise exceptions.ServiceUnavailable("try later")
            return clients.executions.get_execution(**request)

    shaky = Clients(clients.jobs, Shaky(), clients.dataform, lease=None)
    actions(settings, shaky, PATIENCE, "hourly", lambda: None)["sheets_sync"]()
    assert failures == []


def test_whether_an_execution_has_ended_can_be_asked(settings, clients, declare):
    declare(settings.sheets_sync_job, "import time; time.sleep(100)")
    operation = clients.jobs.run_job(name=settings.job(settings.sheets_sync_job))
    name = operation.metadata.name
    has_ended = ended(clients.executions)
    assert has_ended(name) is False
    clients.executions.cancel_execution(name=name)
    PATIENCE.until(bool, lambda: has_ended(name), name)
    assert has_ended(f"{name}x") is True  # long gone
    nowhere = {"api_endpoint": "http://127.0.0.1:9"}
    away = run_v2.ExecutionsClient(
        transport="rest", credentials=AnonymousCredentials(), client_options=nowhere
    )
    assert ended(away)(name) is None
