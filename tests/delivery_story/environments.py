"""dev and prod, each in a sandbox of its project, as a person sets them up before CI delivers."""

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from demo.cloud import Cloud
from demo.pipeline_runs import run_pipeline
from demo.screen import Screen
from demo.server import running
from demo.shop.keys import FIRST_KEY_FILE
from demo.spreadsheets import share
from sandbox import environment
from sandbox.jobs.tasks import IMAGES
from sandbox.state import State
from tests.delivery_story.repository import Repository
from tests.scenario import Scenario, unsold_products
from tests.terraform.first_deployment import PROJECTS, Deployment, apply, write_spreadsheet
from tests.terraform.tree import Tree
from tests.terraform.workspace import Workspace

NOW, NEXT_DAY = "2017-01-02T00:00:00Z", "2017-01-03T00:00:00Z"  # at the shop: one day of sales, and two
# The machine's own identity must not answer for that of a run.
OWN_IDENTITY = ("GCE_METADATA_HOST", "GCE_METADATA_IP", "GOOGLE_APPLICATION_CREDENTIALS")


@dataclass(frozen=True)
class Environment:
    env: str
    state: State

    @property
    def cloud(self) -> Cloud:
        return Cloud(self.state)

    @property
    def shop(self) -> Scenario:
        """The products that it sells in these days."""
        return Scenario(self.state, unsold_products(NEXT_DAY))

    def create_spreadsheet(self) -> str:
        self.shop.set_clock(NOW)
        self.shop.set_items()
        body = {"properties": {"title": "Daily sales"}}
        return str(self.cloud.call("POST", "/sheets/v4/spreadsheets", body)["spreadsheetId"])

    def apply(self, checkout: Path, spreadsheet: str) -> None:
        """The first apply, by a person: it creates the identities of CI."""
        deployment = Deployment()
        key = (self.state.root / FIRST_KEY_FILE).read_text()
        apply(deployment, Workspace(self.env, Tree(checkout), self.state), key)
        share(self.cloud, spreadsheet, "sheets-sync", "writer")
        if self.env == "dev":  # has rows that a pull request can change; prod gets its first code from CI
            release = Tree(checkout).script("release", "--env", self.env, state=self.state)
            deployment.add("release", release)
            self.shop.copy("customers", "products", "sales")
            self.shop.transform()
        assert set(deployment.codes.values()) == {0}, deployment.outputs

    def run_daily(self) -> list[str]:
        """What the schedule starts; StepFailed if a step fails."""
        return [step.label for step in run_pipeline(self.cloud, Screen(), "pipeline-daily", "daily").steps]

    def log(self, job: str) -> str:
        """What all executions of the job printed."""
        paths = (self.state.root / "logs" / job).glob("*.log")
        return "".join(path.read_text() for path in paths)

    def releases(self) -> list[tuple[str, str]]:
        """Kind and last state of each release, oldest first."""
        rows = self.cloud.rows(
            "select kind, state from ops.releases where true "
            "qualify row_number() over (partition by `release` order by logged_at desc) = 1 order by moment"
        )
        return [(row["kind"], row["state"]) for row in rows]

    def images(self) -> dict[str, str]:
        path = f"{self.cloud.location('run/v2')}/jobs"
        return {
            job["name"].rpartition("/")[2]: job["template"]["template"]["containers"][0]["image"]
            for job in self.cloud.list_items(path, "jobs")
        }

    def live_commit(self) -> str:
        """Of Dataform's repository."""
        config = f"{self.cloud.location('dataform/v1')}/repositories/warehouse/releaseConfigs/live"
        result = self.cloud.call("GET", config)["releaseCompilationResult"]
        return str(self.cloud.call("GET", f"/dataform/v1/{result}")["resolvedGitCommitSha"])

    def daily_sales(self) -> list[dict[str, Any]]:
        return [dict(row) for row in self.cloud.rows("select * from dmt.daily_sales order by 1")]

    def variables(self) -> dict[str, str]:
        """Where a run of CI finds the APIs of the project, without an identity."""
        variables = environment.clients(self.state, "") | environment.terraform(self.state)
        del variables["GOOGLE_OAUTH_ACCESS_TOKEN"]
        variables["STORY_IMAGES"] = str(self.state.root / IMAGES)  # in the place of a registry
        return {name: value for name, value in variables.items() if name not in OWN_IDENTITY}


@contextmanager
def running_environments(root: Path, repository: Repository) -> Iterator[dict[str, Environment]]:
    """Both after their first apply. The spreadsheets are declared in a commit of the repository before."""
    with ExitStack() as stack, ThreadPoolExecutor(len(PROJECTS)) as pool:
        environments = {
            env: Environment(env, stack.enter_context(running(root / env, "--project", project)))
            for env, project in PROJECTS.items()
        }
        spreadsheets = {name: each.create_spreadsheet() for name, each in environments.items()}
        for name, spreadsheet in spreadsheets.items():
            write_spreadsheet(Tree(repository.folder), name, spreadsheet)
        repository.commit("main", "declare the spreadsheets")
        applied = [
            pool.submit(each.apply, repository.clone(root / f"{name}-checkout"), spreadsheets[name])
            for name, each in environments.items()
        ]
        for each in applied:
            each.result()
        yield environments


def write_projects(folder: Path, environments: dict[str, Environment]) -> Path:
    folder.mkdir()
    for each in environments.values():
        (folder / f"{each.state.project}.json").write_text(json.dumps(each.variables()))
    return folder


def repository_variables(root: Path, environments: dict[str, Environment]) -> dict[str, str]:
    """Those that docs/runbooks/release.md lists, from the outputs of Terraform."""
    variables = {}
    for name, each in environments.items():
        work = Workspace(name, Tree(root / f"{name}-checkout"), each.state)
        outputs = json.loads(work.deploy("output").stdout)
        variables[f"{name.upper()}_PROVIDER"] = outputs["delivery_provider"]
        for task in ("plan", "apply", "rehearse"):
            variables[f"{name.upper()}_{task.upper()}_IDENTITY"] = each.state.identity(f"delivery-{task}")
    return variables
