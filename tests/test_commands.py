"""Every command line in the documents is accepted by the parser of its program."""

import ast
import importlib
import re
import shlex
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
DOCUMENTS = [
    ROOT / "README.md",
    *sorted((ROOT / "docs").glob("[gr]*/*.md")),
]  # guides, reference, reports, runbooks
CODE = re.compile(r"```\w*\n(.*?)```|`([^`\n]+)`", re.DOTALL)
# Module of each Run job, whose arguments gcloud overrides.
JOBS = {"connector": "connector", "pipeline": "pipeline", "key-rotation": "connector.key_rotation"}
EXECUTE = re.compile(r"gcloud run jobs execute ([\w-]+) .*--args=(\S+)")
PYTHON = re.compile(r"(?:^|[|✋$] ?)\s*python -m ([\w.]+)(.*)")
# Commands that need an environment, in a message, with the text that follows.
REMEDY = re.compile(
    r"(python -m scripts\.(?!secret|measure)\w+(?: (?:apply|plan|drift|start|run)\b)?)(.{0,6})"
)


def commands(document):
    """(module, arguments) of every command line; a placeholder such as <env> counts as a value."""
    for fenced, inline in CODE.findall(document.read_text()):
        for line in re.sub(r"\\\n", " ", fenced or inline).splitlines():
            plain = re.sub(r"(--days )<[^>]+>", r"\g<1>20260131", line)
            plain = re.sub(r"<(\w[\w -]*)>", "dev", plain)
            for job, arguments in EXECUTE.findall(plain):
                yield JOBS[job], arguments.strip("`").split(",")
            for module, rest in PYTHON.findall(plain):
                yield module, shlex.split(re.split(r"[<|>]|&&| {2,}#", rest)[0])


def accepts(module, arguments):
    """Whether the module's parser accepts the arguments; True for a module without one."""
    try:
        spec = importlib.util.find_spec(module)
    except ModuleNotFoundError:  # the parent package does not exist
        return False
    if spec is None:
        return False
    if spec.submodule_search_locations:
        module = f"{module}.__main__"
    create_parser = getattr(importlib.import_module(module), "create_parser", None)
    try:
        return create_parser is None or create_parser().parse_args(arguments)
    except SystemExit:
        return False


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_every_command_of_a_document_is_accepted(document, capsys):
    wrong = [
        f"python -m {name} {' '.join(arguments)}"
        for name, arguments in commands(document)
        if not accepts(name, arguments)
    ]
    assert wrong == [], capsys.readouterr().err


def test_every_runbook_has_a_command_or_a_query():
    texts = {path.name: path.read_text() for path in (ROOT / "docs/runbooks").glob("*.md")}
    del texts["README.md"]
    starts = ("python -m", "gcloud ", "SELECT ", "terraform ")
    assert texts
    assert [name for name, text in texts.items() if not any(start in text for start in starts)] == []


def messages(path):
    """Texts in the code, with X for values; not the descriptions of modules, classes and functions."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.JoinedStr):
            yield "".join(str(part.value) if isinstance(part, ast.Constant) else "X" for part in node.values)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value


@pytest.mark.parametrize("package", ["connector", "pipeline", "runtime", "scripts"])
def test_a_remedy_can_be_run_as_it_is_printed(package):
    incomplete = [
        f"{path.name}: {command}{rest}"
        for path in sorted((ROOT / package).rglob("*.py"))
        for text in messages(path)
        if not text.startswith("python -m")  # the name of a program, or the description of a module
        for command, rest in REMEDY.findall(text)
        if rest != " --env"
    ]
    assert incomplete == []
