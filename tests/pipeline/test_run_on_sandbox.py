"""A run against the sandbox: Cloud Run jobs that really run, Dataform with the real CLI behind it."""

import dataclasses
import io
import time
import uuid
from datetime import UTC, datetime

import pytest
import requests
from google.api_core import exceptions
from google.auth.credentials import AnonymousCredentials
from google.cloud import dataform_v1, run_v2

from demo.cloud import Cloud
from pipeline.assembly import Clients, create_actions
from pipeline.errors import NotReleased, RunFailed, Unavailable
from pipeline.jobs import make_execution_check
from pipeline.plan import build_plans
from pipeline.polling import Poller
from pipeline.run import Run
from pipeline.run_record import RunRecord, RunRow
from pipeline.settings import Settings
from runtime.structured_log import StructuredLog

# Replaces the connector: fails for the endpoint {refused}.
CONNECTOR = "import sys; print(sys.argv); sys.exit(sys.argv[-1:] == ['{refused}'])"
ENDPOINTS = {"retail/sales": "hourly", "retail/products": "daily", "retail/customers": "daily"}
POLLER = Poller(lambda seconds: time.sleep(min(seconds, 0.3)), lambda: None)
FILES = {
    "workflow_settings.yaml": "dataformCoreVersion: 3.0.62\ndefaultProject: p\ndefaultDataset: {dataset}\n",
    "definitions/day.sqlx": 'config {{ type: "table", tags: ["hourly", "daily"] }}\nSELECT {value} AS units',
    "definitions/month.sqlx": 'config {{ type: "table", tags: ["monthly"] }}\nSELECT 1 AS units',
}


@pytest.fixture
def settings(sandbox):
    """Names of jobs and of a repository that no other test uses."""
    suffix = uuid.uuid4().hex[:8]
    return Settings(
        project=sandbox.project,
        region="europe-west1",
        bucket="unused",
        endpoints=ENDPOINTS,
        tasks={},
        connector_job=f"connector-{suffix}",
        sheets_sync_job=f"sheets-sync-{suffix}",
        report_job=f"report-{suffix}",
        restore_job=f"restore-{suffix}",
        watched_runs=0,
        dataform_repository=f"warehouse-{suffix}",
        dataform_service_account=sandbox.identity("dataform-runner"),
        run_endpoint=f"{sandbox.address}/run",
        dataform_endpoint=f"{sandbox.address}/dataform",
        storage_endpoint=sandbox.address,
    )


@pytest.fixture
def clients(settings):
    def create_client(kind, endpoint):
        return kind(
            transport="rest", credentials=AnonymousCredentials(), client_options={"api_endpoint": endpoint}
        )

    return Clients(
        create_client(run_v2.JobsClient, settings.run_endpoint),
        create_client(run_v2.ExecutionsClient, settings.run_endpoint),
        create_client(dataform_v1.DataformClient, settings.dataform_endpoint),
    )


@pytest.fixture
def record():
    """Collects Dataform's actions; these tests have no ops, so nothing is written."""

    def no_client():
        raise AssertionError("these tests write nothing")

    return RunRecord(no_client, StructuredLog(io.StringIO()))


@pytest.fixture
def steps(settings, clients, record):
    return lambda schedule="hourly": create_actions(settings, clients, POLLER, schedule, record, {})


def run(steps, stream, schedule):
    """The row of the run, whether it succeeded or not."""
    rows = list[RunRow]()
    log, clock = StructuredLog(stream), iter(range(100)).__next__
    plans = build_plans(ENDPOINTS)
    try:
        Run("run-1", plans, steps, log, clock, lambda: datetime.now(UTC), rows.append).execute(schedule, None)
    finally:
        steps["rows"] = rows
    return rows[0]


@pytest.fixture
def declare(sandbox, settings):
    """Create a job that runs `code`, without the client under test."""

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
    """Commit a small project, compile it and make it live, as scripts.release does."""

    def make(**values):
        dataset = f"d_{uuid.uuid4().hex[:8]}"
        client, repository = clients.dataform, settings.repository
        client.create_repository(
            parent=settings.location, repository={}, repository_id=settings.dataform_repository
        )
        writes = {
            path: {"write_file": {"contents": text.format(dataset=dataset, **values).encode()}}
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


def test_a_day_runs_from_the_connector_to_the_sheet(
    sandbox, settings, clients, steps, record, declare, release
):
    declare(settings.connector_job, CONNECTOR.format(refused="nothing"))
    declare(settings.sheets_sync_job, "print('published')")
    dataset = release(value=7)
    stream = io.StringIO()
    run(steps("hourly"), stream, "hourly")
    [action] = record.actions
    assert (action.action, action.kind, action.state) == (f"{dataset}.day", "table", "succeeded")
    assert record.release
    warehouse = Cloud(sandbox).bigquery
    assert [tuple(row) for row in warehouse.query_and_wait(f"SELECT units FROM {dataset}.day")] == [(7,)]
    assert [table.table_id for table in warehouse.list_tables(dataset)] == ["day"]  # month is not hourly
    executions = clients.executions.list_executions(parent=settings.job(settings.connector_job))
    assert [execution.template.containers[0].args for execution in executions] == [
        ["--source", "retail", "--endpoint", "sales"]
    ]
    assert "sheets_sync succeeded" in stream.getvalue()


def test_an_endpoint_is_copied_by_its_declared_number_of_tasks(settings, clients, record, declare):
    declare(settings.connector_job, "print('copies')")
    settings = dataclasses.replace(settings, tasks={"retail/sales": 3})
    actions = create_actions(settings, clients, POLLER, "daily", record, {})
    actions["connector:retail/sales"]()
    actions["connector:retail/products"]()
    executions = clients.executions.list_executions(parent=settings.job(settings.connector_job))
    assert [(execution.task_count, execution.succeeded_count) for execution in executions] == [(1, 1), (3, 3)]


def test_the_jobs_and_actions_that_failed_are_named(sandbox, settings, steps, record, declare, release):
    declare(settings.report_job, "print('page')")
    declare(settings.connector_job, CONNECTOR.format(refused="products"))
    dataset = release(value="nope")
    with pytest.raises(RunFailed) as raised:
        run(steps("daily"), io.StringIO(), "daily")
    [failed] = record.actions
    assert (failed.state, failed.bad_rows) == ("failed", None)
    assert "Unrecognized name: nope" in failed.reason
    first, job, workflow, action, last = str(raised.value).splitlines()
    assert first == "daily failed in connector:retail/products, dataform."
    assert job.startswith(
        f"connector:retail/products: job {settings.connector_job} --source retail --endpoint products failed"
    )
    log = requests.get(job.rpartition("Its log: ")[2], timeout=10).text
    assert "'--endpoint', 'products'" in log
    assert workflow == "dataform: Dataform FAILED."
    assert action.startswith(f"  {dataset}.day: bigquery error: Unrecognized name: nope")
    assert f"See {settings.repository}/workflowInvocations/" in action
    assert last == "After fixing the cause, run: python -m pipeline daily --from connector:retail/products"


def test_without_a_release_the_error_names_the_command(settings, clients, steps):
    with pytest.raises(NotReleased, match="run python -m scripts.release --env ENV"):
        steps()["dataform"]()


def test_a_missing_job_is_named(settings, steps):
    with pytest.raises(Unavailable, match=f"could not start job {settings.sheets_sync_job}: .*not found"):
        steps()["sheets_sync"]()


def test_transient_errors_of_the_api_do_not_fail_a_running_job(settings, clients, record, declare):
    """Three 503 in a row, and one more later."""
    declare(settings.sheets_sync_job, "import time; time.sleep(1)")
    failures = [True, True, True, False, True]

    class FlakyExecutions(run_v2.ExecutionsClient):
        def __init__(self): ...

        def get_execution(self, *arguments, **request):
            if failures and failures.pop(0):
                raise exceptions.ServiceUnavailable("try later")
            return clients.executions.get_execution(*arguments, **request)

    flaky = Clients(clients.jobs, FlakyExecutions(), clients.dataform)
    create_actions(settings, flaky, POLLER, "hourly", record, {})["sheets_sync"]()
    assert failures == []


def test_the_execution_check_knows_running_ended_and_unknown(settings, clients, declare):
    declare(settings.sheets_sync_job, "import time; time.sleep(100)")
    operation = clients.jobs.run_job(name=settings.job(settings.sheets_sync_job))
    name = operation.metadata.name
    has_ended = make_execution_check(clients.executions)
    assert has_ended(name) is False
    clients.executions.cancel_execution(name=name)
    POLLER.wait_until(bool, lambda: has_ended(name), name)
    assert has_ended(f"{name}x") is True  # long gone
    options = {"api_endpoint": "http://127.0.0.1:9"}
    unreachable = run_v2.ExecutionsClient(
        transport="rest", credentials=AnonymousCredentials(), client_options=options
    )
    assert make_execution_check(unreachable)(name) is None
