"""The language rules: banned words and names with their reasons, and the prose that a file contains.

Shared by `python -m scripts.measure_style` and tests/test_language.py. CONTRIBUTING.md explains the style.
"""

import ast
import io
import re
import tokenize
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

# (pattern, remedy). Matched without case over comments, docstrings, messages, test names and documents.
PHRASES = (
    (r"\b(?:no|some|any)body(?:'s)?\b|\bwho(?:m)?ever\b", "name the person, the role or the process"),
    (r"(?:^|[.:;] )who (?!can\b|may\b|is\b|was\b)\w+s\b[^?]*$", "name the role: 'The deployer …'"),
    (r"\b(?:is|are|was|were|be) none\b", "'does not exist', 'is missing'"),
    (r"(?<!there )\b(?:is|are|was|were) no (?!longer\b|more\b|\w+er than\b)\w+", "'is not a …', 'has no …'"),
    (r"\balone\b", "'only'"),
    (r"\bfor good\b(?! reasons?)", "'permanently'"),
    (r"\bas ever\b", "'unchanged'"),
    (r"\bgo(?:es|ing)? on\b|\bwent on\b", "'continue', 'resume'"),
    (r"\blies? (?:in|at|before|there)\b", "'is in', 'is at'"),
    (r"\b(?:stands?|stood)\b(?! for\b|-)", "'is', 'exists'"),
    (r"\b(?:tells?|told|said|says|asked|asks|speaks?|spoke)\b", "'reports', 'returns', 'states', 'requests'"),
    (r"\bkn[oe]ws? of\b", "'contains', 'has a record of'"),
    (
        r"\blook(?:s|ed) at\b|\ba look at\b|\b(?:has|have|had|takes?) a look\b",
        "'reads', 'checks', 'inspects'",
    ),
    (r"\bheal(?:s|ed)?\b|\bmend(?:s|ed)?\b", "'fixes', 'recovers'"),
    (r"\bway (?:out|on)\b", "'remedy', 'resume command'"),
    (r"\bwants\b|\bwanted\b", "'requires', 'requested'"),
    (r"\bat (?:its|their|his) word\b", "'trusts'"),
    (r"\b(?:puts?|laid) down\b", "'release', 'record'"),
    (r"\bin passing\b", "'transient'"),
)
# Names of variables, parameters, attributes and functions that do not state their content.
BANNED_NAMES = frozenset(
    {
        *("said", "told", "asked", "made", "found", "held", "kept", "given", "spoken", "known", "wanted"),
        *("going", "left", "own", "ours", "again", "shown", "words", "things", "one", "whose", "tend"),
    }
)
HCL_WIDTH = 120

MARKED = {".sql": "--", ".yaml": "#", ".yml": "#", ".toml": "#", ".in": "#", ".tfvars": "#", "": "#"}
SQL = re.compile(
    r"\b(?:select|insert into|merge|create|update)\b[\s\S]*\b(?:from|values|into|table|set)\b", re.I
)


@dataclass(frozen=True)
class Violation:
    path: Path
    line: int
    text: str
    remedy: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.text!r}: {self.remedy}"


def find_violations(root: Path, path: Path) -> list[Violation]:
    """Every banned phrase, banned name and too long HCL line of a file."""
    text = (root / path).read_text()
    violations = [
        Violation(path, line, match.group().strip(), remedy)
        for line, prose in read_prose(path, text)
        for pattern, remedy in PHRASES
        for match in re.finditer(pattern, prose, re.IGNORECASE)
    ]
    if path.suffix == ".py":
        violations += [
            Violation(path, line, name, "a banned name: state what it contains")
            for line, name in bound_names(ast.parse(text))
            if name in BANNED_NAMES
        ]
    if path.name.endswith((".tf", ".tftest.hcl", ".tfvars")):
        violations += [
            Violation(path, number, line[:40], f"{len(line)} characters, the limit is {HCL_WIDTH}")
            for number, line in enumerate(text.splitlines(), start=1)
            if len(line) > HCL_WIDTH
        ]
    return violations


def read_prose(path: Path, text: str) -> Iterator[tuple[int, str]]:
    """(line number, sentence or paragraph line) for everything in a file that a person reads as English."""
    if path.suffix == ".py":
        yield from python_comments(text)
        yield from python_strings(text)
    elif path.suffix == ".md":
        yield from markdown_prose(text)
    elif path.suffix in {".tf", ".hcl", ".tfvars"}:
        yield from marked_comments(text, "#")
        yield from quoted_sentences(text)
    elif path.suffix in {".sqlx", ".js"}:
        yield from marked_comments(text, "--", "//", "*")
        yield from quoted_sentences(text)
    elif path.suffix == ".json":
        yield from quoted_sentences(text)
    elif path.suffix in MARKED:
        yield from marked_comments(text, MARKED[path.suffix])


def python_comments(text: str) -> Iterator[tuple[int, str]]:
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type == tokenize.COMMENT:
            yield token.start[0], token.string.lstrip("# ")


def python_strings(text: str, docstrings_only: bool = False) -> Iterator[tuple[int, str]]:
    """Docstrings, messages of three words and more, and the names of tests as sentences."""
    tree = ast.parse(text)
    documented = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
    docstrings = {
        id(node.body[0].value)
        for node in ast.walk(tree)
        if isinstance(node, documented) and node.body and isinstance(node.body[0], ast.Expr)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            is_docstring = id(node) in docstrings
            if is_docstring or not docstrings_only and is_message(node.value):
                for offset, line in enumerate(node.value.splitlines()):
                    yield node.lineno + offset, re.sub(r"`[^`]*`", "", line)
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_") and not docstrings_only:
            yield node.lineno, node.name.replace("_", " ")


def is_message(value: str) -> bool:
    return len(value.split()) >= 3 and not SQL.search(value)


def markdown_prose(text: str) -> Iterator[tuple[int, str]]:
    fenced = False
    for number, line in enumerate(text.splitlines(), start=1):
        if line.lstrip().startswith("```"):
            fenced = not fenced
        elif not fenced:
            yield number, re.sub(r"`[^`]*`|\]\([^)]*\)", "", line)


def marked_comments(text: str, *marks: str) -> Iterator[tuple[int, str]]:
    mark = re.compile(r"(?:^|\s)(?:" + "|".join(map(re.escape, marks)) + r")\s?(.*)")
    for number, line in enumerate(text.splitlines(), start=1):
        if match := mark.search(re.sub(r'"[^"]*"', "", line)):
            yield number, re.sub(r"`[^`]*`", "", match.group(1))


def quoted_sentences(text: str) -> Iterator[tuple[int, str]]:
    """Descriptions and messages: quoted, of three words and more."""
    for number, line in enumerate(text.splitlines(), start=1):
        for value in re.findall(r'"((?:[^"\\]|\\.)*)"|' + r"`([^`]*)`", line):
            if is_message(sentence := value[0] or value[1]):
                yield number, re.sub(r"`[^`]*`", "", sentence)


def bound_names(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """Names of functions, parameters, variables, attributes and aliases, where they are bound."""
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node.lineno, node.name
        elif isinstance(node, ast.arg):
            yield node.lineno, node.arg
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.lineno, node.id
        elif isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store):
            yield node.lineno, node.attr
        elif isinstance(node, ast.alias) and node.asname:
            yield node.lineno, node.asname
