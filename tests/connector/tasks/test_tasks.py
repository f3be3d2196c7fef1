"""A source that several tasks of one execution copy, as processes of the sandbox's Cloud Run."""

import dataclasses
import itertools
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
from tests.connector.tasks.sales_sources import KINDS, Place

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


# Every part at both moments, and every kind at both: what differs is how a part is planned, named and read again.
TURNS = itertools.cycle(["postgres", "mysql", "postgres", "mongodb", "postgres", "files"])
MOMENTS = itertools.product(["before", "after"], range(1, PARTS + 1))
KILLS = [(kind, part, moment) for kind, (moment, part) in zip(TURNS, MOMENTS, strict=False)]


@pytest.fixture
def create_job(sandbox, project, sales, tmp_path):
    """A function that creates the job of the connector for the bucket and tables of `project`."""
    sales.fill(ROWS, PAGE_ROWS)
    place = Place(
        sandbox.address, project.name, project.bucket_name, sales.kind, sales.url, page_rows=PAGE_ROWS
    )
    (tmp_path / "place.json").write_text(json.dumps(dataclasses.asdict(place)))

    def create(retries=0):
        options, credentials = ClientOptions(api_endpoint=f"{sandbox.address}/run"), AnonymousCredentials()
        jobs = run_v2.JobsClient(credentials=credentials, transport="rest", client_options=options)
        executions = run_v2.ExecutionsClient(
            credentials=credentials, transport="rest", client_options=options
        )
        module = "tests.connector.tasks.harness"
        container = {"image": "none", "command": [sys.executable, "-m", module, str(tmp_path)]}
        template = {"template": {"containers": [container], "max_retries": retries}}
        name = f"connector-{uuid.uuid4().hex[:8]}"
        jobs.create_job(parent=LOCATION, job=run_v2.Job({"template": template}), job_id=name).result()
        runner = JobRunner(jobs, executions, Poller(lambda seconds: time.sleep(0.05), lambda: None))
        return Job(runner, f"{LOCATION}/jobs/{name}", tmp_path)

    return create


def expected_objects(sales):
    """That stay in the bucket after a run, besides its files."""
    return sorted([*sales.permanent, "sales/tasks.json"])


@pytest.mark.parametrize("sales", KINDS, indirect=True)
def test_the_tasks_of_an_execution_copy_a_source_once(project, sales, create_job, tmp_path):
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
    assert project.remaining() == expected_objects(sales)
    job.run()  # another execution: a table without a window is copied again, files that are in raw are not
    assert len(project.ids()) == (2 * ROWS if sales.copies_again else ROWS)


@pytest.mark.parametrize(("sales", "part", "moment"), KILLS, indirect=["sales"])
def test_parts_of_a_killed_task_are_taken_over(project, sales, create_job, tmp_path, part, moment):
    """SIGKILL to the task that reads the part, before the read or between the read and the object."""
    (tmp_path / "kill.json").write_text(json.dumps([part, moment]))
    job = create_job()
    with pytest.raises(JobFailed, match=f"{TASKS - 1}/{TASKS} tasks were a success"):
        job.run()  # the killed task is not started again, and still all rows arrive
    reads, _ = job.reads()
    assert sum(reads.values()) - PARTS <= 2 and set(reads) == set(range(1, PARTS + 1))
    assert project.ids() == list(range(1, ROWS + 1))
    assert project.log("status, pages, files, rows_loaded") == [("success", PARTS, PARTS, ROWS)]
    assert project.remaining() == expected_objects(sales)


def test_a_task_that_is_restarted_takes_its_share_back(project, create_job, tmp_path):
    (tmp_path / "kill.json").write_text(json.dumps([4, "after"]))
    job = create_job(retries=1)
    job.run()
    reads, _ = job.reads()
    assert sum(reads.values()) - PARTS <= 2
    assert project.ids() == list(range(1, ROWS + 1))
    assert project.log("status, rows_loaded") == [("success", ROWS)]
