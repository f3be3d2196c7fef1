"""Arguments that the runbooks pass to a Run job are accepted by the parser of the job."""

import re
from pathlib import Path

import pytest

from connector.__main__ import create_parser as connector
from connector.key_rotation.__main__ import create_parser as key_rotation
from pipeline.__main__ import create_parser as pipeline

RUNBOOKS = sorted((Path(__file__).parents[1] / "docs/runbooks").glob("*.md"))
EXECUTE = re.compile(r"gcloud run jobs execute (\S+) (?:(?!gcloud)[^`\n])*?--args=(\S+?)[`)\s]")
PARSERS = {"connector": connector, "pipeline": pipeline, "key-rotation": key_rotation}
EXAMPLES = {"<endpoint>": "sales", "<id>": "17", "<job>": "connector"}


def commands():
    for path in RUNBOOKS:
        for job, arguments in EXECUTE.findall(path.read_text()):
            yield pytest.param(job, arguments, id=f"{path.stem}: {job} {arguments}")


@pytest.mark.parametrize(("job", "arguments"), list(commands()))
def test_job_accepts_the_arguments_of_a_runbook(job, arguments):
    for placeholder, example in EXAMPLES.items():
        arguments = arguments.replace(placeholder, example)
    assert PARSERS[job]().parse_args(arguments.split(","))


def test_runbooks_pass_arguments_to_jobs():
    assert len(list(commands())) >= 6


def test_the_bootstrap_enables_every_api_that_terraform_uses():
    root = RUNBOOKS[0].parents[2]
    used = set(
        re.findall(
            r'^    "(\w+\.googleapis\.com)"', (root / "environments/main.tf").read_text(), re.MULTILINE
        )
    )
    enabled = re.search(r"gcloud services enable (.+)", (root / "docs/runbooks/bootstrap.md").read_text())
    assert len(used) > 15 and enabled and used - set(enabled[1].split()) == set()
