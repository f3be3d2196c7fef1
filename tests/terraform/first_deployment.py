"""The deployment of docs/runbooks/first-deployment.md: an environment from an empty project to the first sheet.

The steps that the runbook marks as manual are requests to Google's APIs here: images, the spreadsheet, a group.
"""

import json
import re
import shutil
from dataclasses import dataclass, field
from typing import Any

import requests

from demo.cloud import Cloud
from demo.pipeline_runs import run_pipeline
from demo.screen import Screen
from demo.server import running
from demo.shop.keys import FIRST_KEY_FILE
from demo.spreadsheets import share
from sandbox import environment
from sandbox.metadata import token_of
from tests.scenario import Scenario
from tests.terraform.hcl_files import ROOT
from tests.terraform.tree import Tree
from tests.terraform.workspace import Workspace, commit_all, deliver_image

PROJECTS = {"dev": "retail-platform-dev", "prod": "retail-platform-prod"}
ANALYST = "alice@example.com"
NOW = "2017-01-04T00:00:00Z"  # at the shop: three days of sales
JOBS = ("connector", "key_rotation", "pipeline", "rehearse", "report", "restore", "sheets_sync")


@dataclass
class Deployment:
    """outputs: of each command of the runbook, by the command, also of one that runs twice; codes: their exit
    codes.
    """

    outputs: dict[str, Any] = field(default_factory=dict)
    codes: dict[str, Any] = field(default_factory=dict)
    sheet: list[Any] = field(default_factory=list)
    analyst: dict[str, Any] = field(default_factory=dict)

    def add(self, command, result):
        self.outputs[command] = self.outputs.get(command, "") + result.stdout + result.stderr
        self.codes[command] = self.codes.get(command, 0) or result.returncode


def deploy(env, folder):
    deployment, project = Deployment(), PROJECTS[env]
    with running(folder / "sandbox", "--project", project) as state:
        tree = Tree.copy(folder / "tree")
        shutil.copytree(ROOT / "dataform", tree.folder / "dataform", dirs_exist_ok=True)
        work, cloud = Workspace(env, tree, state), Cloud(state)
        Scenario(state).set_clock(NOW)
        book = cloud.call("POST", "/sheets/v4/spreadsheets", {"properties": {"title": "Daily sales"}})
        write_spreadsheet(tree, env, book["spreadsheetId"])
        commit_all(tree.folder)
        apply(deployment, work, (state.root / FIRST_KEY_FILE).read_text())
        deliver(deployment, work, cloud, book["spreadsheetId"])
        deployment.sheet = read_sheet(cloud, book["spreadsheetId"])
        deliver_by_identities(deployment, work)
        deployment.analyst = ask_as_analyst(state)
    return deployment


def write_spreadsheet(tree, env, spreadsheet):
    path = tree.folder / f"environments/{env}.tfvars"
    pattern = r'(daily_sales|last_night)( += )".*?"'
    path.write_text(re.sub(pattern, rf'\1\2"{spreadsheet}"', path.read_text()))


def apply(deployment, work, key):
    env, project = work.env, work.state.project
    command = f"python -m scripts.deploy apply --env {env}"
    bootstrap = work.tree.script("bootstrap", "--env", env, state=work.state)
    deployment.add(f"python -m scripts.bootstrap --env {env}", bootstrap)
    deployment.add(f"{command} --target module.secret", confirmed(work, "--target", "module.secret"))
    secret = work.tree.script("secret", "retail-api-key", "--project", project, state=work.state, typed=key)
    deployment.add(f"python -m scripts.secret retail-api-key --project {project} < key.txt", secret)
    deployment.add(command, confirmed(work))


def confirmed(work, *arguments):
    """The person types the name of the environment."""
    return work.tree.script(
        "deploy", "apply", "--env", work.env, *arguments, state=work.state, typed=f"{work.env}\n"
    )


def deliver(deployment, work, cloud, spreadsheet):
    env, state = work.env, work.state
    for name in JOBS:
        job = json.loads(work.deploy("output").stdout)["jobs"][name]
        deliver_image(f"{state.address}/run/v2/{job}")
    share(cloud, spreadsheet, "sheets-sync", "writer")
    release = work.tree.script("release", "--env", env, state=state)
    deployment.add(f"python -m scripts.release --env {env}", release)
    if env == "prod":
        deployment.add(f"python -m scripts.deploy apply --env {env}", confirmed(work))
    screen = Screen()
    run = run_pipeline(cloud, screen, "pipeline-daily", "daily")
    deployment.outputs["pipeline-daily"] = "\n".join(step.label for step in run.steps)
    deployment.add(f"python -m scripts.deploy drift --env {env}", work.deploy("drift"))


def deliver_by_identities(deployment, work):
    """What CI does, with the rights of its three service accounts."""
    for name, script, *arguments in (
        ("delivery-plan", "deploy", "plan", "--env", work.env),
        ("delivery-rehearse", "rehearse", "--env", work.env),
        ("delivery-apply", "release", "--env", work.env),
        ("delivery-apply", "deploy", "drift", "--env", work.env),
    ):
        email = work.state.identity(name)
        identity = {
            "GOOGLE_OAUTH_ACCESS_TOKEN": token_of(email),
            "GCE_METADATA_HOST": environment.clients(work.state, email)["GCE_METADATA_HOST"],
        }
        result = work.tree.script(script, *arguments, state=work.state, **identity)
        deployment.add(f"{name}: {script} {arguments[0]}", result)


def read_sheet(cloud, spreadsheet):
    path = f"/sheets/v4/spreadsheets/{spreadsheet}/values/Daily%20sales!A1:E9"
    return cloud.call("GET", path).get("values", [])


def ask_as_analyst(state):
    """The status of two queries of a member of the analysts' group, by table."""
    group = f"{state.address}/sandbox/iam/groups/analysts@example.com"
    requests.put(group, json={"members": [ANALYST]}, timeout=10)
    queries = f"{state.address}/bigquery/v2/projects/{state.project}/queries"
    headers = {"Authorization": f"Bearer {token_of(ANALYST)}"}
    statuses = {}
    for table in ("dmt.sales_final", "ods.products"):
        body = {"query": f"SELECT COUNT(*) FROM {table}", "useLegacySql": False}
        statuses[table] = requests.post(queries, json=body, headers=headers, timeout=60).status_code
    return statuses
