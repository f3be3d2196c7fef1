"""The commands that the documents tell a person to type are such that the programs take them."""

import importlib
import re
import shlex
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
DOCUMENTS = [ROOT / "README.md", *sorted((ROOT / "docs").glob("[gr]*/*.md"))]  # guides and runbooks
CODE = re.compile(r"```\w*\n(.*?)```|`([^`\n]+)`", re.DOTALL)
# What a Run job runs; gcloud gives it other arguments.
JOBS = {"connector": "connector", "pipeline": "pipeline", "key-rotation": "connector.key_rotation"}
EXECUTE = re.compile(r"gcloud run jobs execute ([\w-]+) .*--args=(\S+)")
PYTHON = re.compile(r"(?:^|[|✋$] ?)\s*python -m ([\w.]+)(.*)")


def commands(document):
    """(module, arguments) of every command line; a placeholder such as <env> is a word."""
    for fenced, inline in CODE.findall(document.read_text()):
        for line in re.sub(r"\\\n", " ", fenced or inline).splitlines():
            plain = re.sub(r"<(\w[\w -]*)>", "dev", line)
            for job, arguments in EXECUTE.findall(plain):
                yield JOBS[job], arguments.strip("`").split(",")
            for module, rest in PYTHON.findall(plain):
                yield module, shlex.split(re.split(r"[<|>]|&&| {2,}#", rest)[0])


def takes(module, arguments):
    """Whether the module's own parser does, if it has one to be asked."""
    if importlib.util.find_spec(module).submodule_search_locations:
        module = f"{module}.__main__"
    parser = getattr(importlib.import_module(module), "parser", None)
    try:
        return parser is None or parser().parse_args(arguments)
    except SystemExit:
        return False


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_every_command_of_a_document_is_taken(document, capsys):
    wrong = [
        f"python -m {name} {' '.join(words)}" for name, words in commands(document) if not takes(name, words)
    ]
    assert wrong == [], capsys.readouterr().err


def test_there_are_commands_in_every_runbook():
    """Or a query: a runbook says what to type."""
    told = {path.name: path.read_text() for path in (ROOT / "docs/runbooks").glob("*.md")}
    words = ("python -m", "gcloud ", "SELECT ", "terraform ")
    assert told and [name for name, text in told.items() if not any(word in text for word in words)] == []
