"""What the runbooks tell somebody to type at night is understood by what it is typed to."""

import re
from pathlib import Path

import pytest

from connector.__main__ import parser as connector
from connector.key_rotation.__main__ import parser as key_rotation
from pipeline.__main__ import parser as pipeline

RUNBOOKS = sorted((Path(__file__).parents[1] / "docs/runbooks").glob("*.md"))
EXECUTE = re.compile(r"gcloud run jobs execute (\S+) (?:(?!gcloud)[^`\n])*?--args=(\S+?)[`)\s]")
PARSERS = {"connector": connector, "pipeline": pipeline, "key-rotation": key_rotation}
EXAMPLES = {"<endpoint>": "sales", "<id>": "17", "<job>": "connector"}


def commands():
    for path in RUNBOOKS:
        for job, arguments in EXECUTE.findall(path.read_text()):
            yield pytest.param(job, arguments, id=f"{path.stem}: {job} {arguments}")


@pytest.mark.parametrize(("job", "arguments"), list(commands()))
def test_a_job_understands_the_arguments_that_a_runbook_gives_it(job, arguments):
    for placeholder, example in EXAMPLES.items():
        arguments = arguments.replace(placeholder, example)
    assert PARSERS[job]().parse_args(arguments.split(","))


def test_there_are_such_commands():
    assert len(list(commands())) >= 6
