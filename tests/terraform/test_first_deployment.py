"""The first deployment of dev and prod prints what its runbook shows, and ends with a sheet."""

import re
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from tests.terraform.first_deployment import PROJECTS, deploy
from tests.terraform.hcl_files import ROOT

pytestmark = pytest.mark.timeout(900)

RUNBOOK = (ROOT / "docs/runbooks/first-deployment.md").read_text()
BLOCK = re.compile(r"^```\n(.*?)^```$", re.MULTILINE | re.DOTALL)
TABLE = re.compile(r"^\| (.+?) \|$", re.MULTILINE)


@pytest.fixture(scope="module")
def deployments(provider, tmp_path_factory):
    with ThreadPoolExecutor(len(PROJECTS)) as pool:
        yield {env: pool.submit(deploy, env, tmp_path_factory.mktemp(env)) for env in PROJECTS}


@pytest.fixture(params=PROJECTS)
def env(request):
    return request.param


@pytest.fixture
def deployment(deployments, env):
    return deployments[env].result()


def shown_outputs():
    """The lines that the runbook shows below each command."""
    printed: dict[str, Any] = {}
    for block in BLOCK.findall(RUNBOOK):
        for part in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
            command, *lines = part.rstrip().splitlines()
            printed.setdefault(command, []).extend(line for line in lines if line)
    return printed


def test_every_command_succeeds_with_the_output_in_the_runbook(deployment, env):
    assert set(deployment.codes.values()) == {0}, deployment.outputs
    printed = {
        command: lines for command, lines in shown_outputs().items() if f"-{env}" in command or env in command
    }
    assert len(printed) >= 6
    for command, lines in printed.items():
        output = deployment.outputs[command]
        for line in lines:
            pattern = ".+".join(map(re.escape, line.split("…")))
            assert re.search(pattern, output), f"{command}: {line!r} is not in:\n{output}"


def test_the_sheet_has_the_sales_of_three_days(deployment):
    rows = [row.split(" | ") for row in TABLE.findall(RUNBOOK) if not row.startswith("---")]
    assert len(rows) == 4 and deployment.sheet == rows


def test_an_analyst_of_prod_reads_the_view_and_not_its_tables(deployment, env):
    """dev has no group of analysts."""
    reads = {"dmt.sales_final": 200, "ods.products": 403}
    assert deployment.analyst == (reads if env == "prod" else dict.fromkeys(reads, 403))
