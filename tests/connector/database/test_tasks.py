"""A table that several tasks of one execution copy, as processes of the sandbox's Cloud Run, from a real PostgreSQL."""

import dataclasses
import json
import socket
import sys
import time
import uuid
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from google.api_core.client_options import ClientOptions
from google.auth.credentials import AnonymousCredentials
from google.cloud import run_v2

from pipeline.errors import JobFailed
from pipeline.jobs import JobRunner
from pipeline.polling import Poller
from sandbox.state import PROJECT
from tests.connector.database.task_harness import Place

KINDS = ["postgres"]
LOCATION = f"projects/{PROJECT}/locations/europe-west1"
TASKS, ROWS, PAGE_ROWS = 3, 600, 100
PARTS = ROWS // PAGE_ROWS


@dataclasses.dataclass
class Job:
    """The job of the connector; `retries` as the Terraform of the connector declares them."""

    runner: JobRunner
    name: str
    folder: Path

    def run(self, tasks=TASKS):
        self.runner.run(self.name, [], tasks)

    def reads(self):
        """How often each part was read, and by how many tasks."""
        lines = [line.split() for line in (self.folder / "reads.txt").read_text().splitlines()]
        return Counter(int(part) for _, _, part in lines), {index for index, _, _ in lines}


@pytest.fixture
def table(project, server):
    kind = "varchar(40)"
    server.execute(
        f"create table shop.sales (id bigint primary key, datetime timestamptz, customer_id {kind}, store_id {kind})",
        f"insert into shop.sales select n, now(), 'c', 's' from generate_series(1, {ROWS}) n",
    )
    return server


@pytest.fixture
def create_job(sandbox, project, table, tmp_path):
    """A function that creates the job of the connector for the bucket and tables of `project`."""
    place = Place(sandbox.address, project.name, project.bucket_name, table.url(), page_rows=PAGE_ROWS)
    (tmp_path / "place.json").write_text(json.dumps(dataclasses.asdict(place)))

    def create(retries=0):
        options, credentials = ClientOptions(api_endpoint=f"{sandbox.address}/run"), AnonymousCredentials()
        jobs = run_v2.JobsClient(credentials=credentials, transport="rest", client_options=options)
        executions = run_v2.ExecutionsClient(
            credentials=credentials, transport="rest", client_options=options
        )
        module = "tests.connector.database.task_harness"
        container = {"image": "none", "command": [sys.executable, "-m", module, str(tmp_path)]}
        template = {"template": {"containers": [container], "max_retries": retries}}
        name = f"connector-{uuid.uuid4().hex[:8]}"
        jobs.create_job(parent=LOCATION, job=run_v2.Job({"template": template}), job_id=name).result()
        runner = JobRunner(jobs, executions, Poller(lambda seconds: time.sleep(0.05), lambda: None))
        return Job(runner, f"{LOCATION}/jobs/{name}", tmp_path)

    return create


def test_the_tasks_of_an_execution_copy_a_table_once(project, create_job, tmp_path):
    job = create_job()
    with socket.create_server(("127.0.0.1", 0)) as meeting, ThreadPoolExecutor(1) as pool:
        meeting.settimeout(60)
        (tmp_path / "meeting.txt").write_text(str(meeting.getsockname()[1]))
        running = pool.submit(job.run)
        # Every task is at its first part: all of them read at the same time.
        for connection in [meeting.accept()[0] for _ in range(TASKS)]:
            connection.close()
        running.result()
    (tmp_path / "meeting.txt").unlink()
    reads, tasks = job.reads()
    assert reads == dict.fromkeys(range(1, PARTS + 1), 1)
    assert len(tasks) == TASKS
    assert project.ids() == list(range(1, ROWS + 1))
    assert project.log("status, pages, files, rows_loaded") == [("success", PARTS, PARTS, ROWS)]
    assert project.remaining() == ["sales/tasks.json"]
    job.run()  # another execution copies it again, as a table without a window is
    assert len(project.ids()) == 2 * ROWS


@pytest.mark.parametrize("moment", ["before", "after"])
@pytest.mark.parametrize("part", range(1, PARTS + 1))
def test_parts_of_a_killed_task_are_taken_over(project, create_job, tmp_path, part, moment):
    """SIGKILL to the task that reads the part, before the read or between the read and the object."""
    (tmp_path / "kill.json").write_text(json.dumps([part, moment]))
    job = create_job()
    with pytest.raises(JobFailed, match=f"{TASKS - 1}/{TASKS} tasks were a success"):
        job.run()  # the killed task is not started again, and still all rows arrive
    reads, _ = job.reads()
    assert sum(reads.values()) - PARTS <= 2 and set(reads) == set(range(1, PARTS + 1))
    assert project.ids() == list(range(1, ROWS + 1))
    assert project.log("status, pages, files, rows_loaded") == [("success", PARTS, PARTS, ROWS)]
    assert project.remaining() == ["sales/tasks.json"]


def test_a_task_that_is_restarted_takes_its_share_back(project, create_job, tmp_path):
    (tmp_path / "kill.json").write_text(json.dumps([4, "after"]))
    job = create_job(retries=1)
    job.run()
    reads, _ = job.reads()
    assert sum(reads.values()) - PARTS <= 2
    assert project.ids() == list(range(1, ROWS + 1))
    assert project.log("status, rows_loaded") == [("success", ROWS)]
