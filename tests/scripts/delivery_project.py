"""A project with everything that a rollout and a rollback touch, in a sandbox of its own."""

import json
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import requests
from google.auth.credentials import AnonymousCredentials
from google.cloud import bigquery, run_v2
from google.cloud import dataform_v1 as dataform

from sandbox import environment
from sandbox.state import State
from tests.dataform.engines.project import SOURCE
from tests.dataform.engines.warehouse import LOG_SCHEMAS, Warehouse, connect
from tests.dataform.retail import files_by_table

REGION = "europe-west1"
JOBS = {
    "connector": "connector",
    "key-rotation": "connector.key_rotation",
    "pipeline": "pipeline",
    "rehearse": "pipeline.rehearse",
    "restore": "pipeline.restore",
}
TABLES = ("ods.sales", "ods.products", "dmt.sales_items", "dmt.daily_sales")


def image(letter: str) -> str:
    return f"europe-west1-docker.pkg.dev/p/jobs/x@sha256:{letter * 64}"


@dataclass(frozen=True)
class Project:
    state: State
    warehouse: Warehouse

    @property
    def location(self) -> str:
        return f"projects/{self.state.project}/locations/{REGION}"

    def post(self, path: str, body: object, **parameters: str) -> requests.Response:
        answer = requests.post(f"{self.state.address}/{path}", json=body, params=parameters, timeout=30)
        assert answer.ok, answer.text
        return answer

    def command(self, module: str, *arguments: str) -> list[str]:
        where = ["--project", self.state.project, "--region", REGION, "--location", "EU"]
        return [sys.executable, "-m", f"scripts.{module}", *where, *arguments]

    def environ(self, address: str = "") -> dict[str, str]:
        """Through a proxy at `address` if one is given."""
        variables = environment.clients(self.state, self.state.identity("operator"))
        if address:
            variables = {name: text.replace(self.state.address, address) for name, text in variables.items()}
        return variables | {"PATH": "/usr/bin:/bin"}

    def run(self, module: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            self.command(module, *arguments),
            capture_output=True,
            text=True,
            env=self.environ(),
            timeout=600,
            check=False,
        )

    def upload(self, bucket: str, name: str, content: object) -> None:
        self.post(f"upload/storage/v1/b/{bucket}/o", content, uploadType="media", name=name)

    def names(self, bucket: str) -> list[str]:
        """Objects of the endpoint sales."""
        listed = requests.get(f"{self.state.address}/storage/v1/b/{bucket}/o", timeout=10).json()
        return [item["name"] for item in listed.get("items", []) if "/sales/" in item["name"]]

    def loaded(self, name: str) -> int:
        sql = f"select count(*) as row_count from raw.sales where SYS_FILE_NAME = '{name}'"
        return int(self.warehouse.query(sql)[0]["row_count"])

    def load(self, files: list[Any]) -> None:
        for table, some in files_by_table(files).items():
            self.warehouse.load(table, some)

    def rows(self) -> dict[str, list[str]]:
        """Without the times of this warehouse."""
        clocks = ("SYS_DATE_CREATE", "SYS_DATE_CHANGE")
        return {
            table: sorted(
                repr({name: value for name, value in row.items() if name not in clocks})
                for row in self.warehouse.rows(
                    table, where="date(datetime) is not null" if table == "ods.sales" else "true"
                )
            )
            for table in TABLES
        }

    def releases(self) -> list[tuple[str, str]]:
        """Kind and last state of each release, oldest first."""
        sql = (
            "select kind, state from ops.releases where kind in ('rollout', 'rollback') "
            "qualify row_number() over (partition by `release` order by logged_at desc) = 1 order by moment"
        )
        return [(row["kind"], row["state"]) for row in self.warehouse.query(sql)]

    def images(self) -> dict[str, str]:
        client = create(run_v2.JobsClient, f"{self.state.address}/run")
        return {
            job.name.rpartition("/")[2]: job.template.template.containers[0].image
            for job in client.list_jobs(parent=self.location)
        }

    def schedule(self) -> str:
        path = f"{self.state.address}/scheduler/v1/{self.location}/jobs/pipeline-hourly"
        return str(requests.get(path, timeout=10).json()["state"])

    def live_commit(self) -> str:
        client = create(dataform.DataformClient, f"{self.state.address}/dataform")
        config = client.get_release_config(name=f"{self.location}/repositories/warehouse/releaseConfigs/live")
        return str(
            client.get_compilation_result(name=config.release_compilation_result).resolved_git_commit_sha
        )


def create(kind, address):
    options = {"api_endpoint": address}
    return kind(transport="rest", credentials=AnonymousCredentials(), client_options=options)


def set_up(state: State) -> Project:
    """Without service accounts: each identity counts as the project's owner."""
    project = Project(state, connect(state.address, state.project))
    for dataset in ("ods", "dmt", "assertions"):
        project.warehouse.client.create_dataset(dataset)
        project.warehouse.client.create_dataset(f"{dataset}_rehearsal")
    for bucket in (f"{state.project}-terraform-state", f"{state.project}-landing"):
        project.post("storage/v1/b", {"name": bucket}, project=state.project)
    add_log_of_releases(project)
    client = create(dataform.DataformClient, f"{state.address}/dataform")
    client.create_repository(
        parent=project.location, repository=dataform.Repository(), repository_id="warehouse"
    )
    for job, package in JOBS.items():
        add_job(project, job, package)
    target = {"uri": "https://run.googleapis.com/v2/x:run", "httpMethod": "POST"}
    body = {"name": f"{project.location}/jobs/pipeline-hourly", "schedule": "5 * * * *", "httpTarget": target}
    project.post(f"scheduler/v1/{project.location}/jobs", body)
    return project


def add_log_of_releases(project: Project) -> None:
    fields = json.loads((LOG_SCHEMAS / "releases.json").read_text())
    table = bigquery.Table(
        f"{project.state.project}.ops.releases",
        [bigquery.SchemaField.from_api_repr(field) for field in fields],
    )
    table.time_partitioning = bigquery.TimePartitioning(field="logged_at")
    project.warehouse.client.create_table(table)


def add_job(project: Project, job: str, package: str) -> None:
    settings = {
        "PROJECT_ID": project.state.project,
        "REGION": REGION,
        "LOCATION": "EU",
        "BUCKET": f"{project.state.project}-landing",
        "DATAFORM_REPOSITORY": "warehouse",
        "REHEARSAL_SERVICE_ACCOUNT": project.state.identity("dataform-rehearsal"),
    }
    container = {
        "image": image("0"),
        "command": ["python", "-m", package],
        "env": [{"name": name, "value": value} for name, value in settings.items()],
    }
    task = {"containers": [container], "serviceAccount": project.state.identity("restore"), "maxRetries": 0}
    project.post(f"run/v2/{project.location}/jobs", {"template": {"template": task}}, jobId=job)


def write_code(folder: Path, revenue: str = "sum(item.item_amount)") -> Path:
    """The warehouse, outside of Git, with another formula for the revenue of a day."""
    shutil.copytree(SOURCE, folder, ignore=shutil.ignore_patterns("node_modules"))
    model = folder / "definitions/dmt/daily_sales.sqlx"
    changed = model.read_text().replace("sum(item.item_amount) as revenue", f"{revenue} as revenue")
    model.write_text(changed)
    return folder
