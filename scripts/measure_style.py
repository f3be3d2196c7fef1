"""python -m scripts.measure_style [folder]: violations of the language rules, and the table of measures.

With a folder, every violation below it as file:line; the exit code is 1 if there are any. Without a folder,
the measures of the whole repository in Markdown.
"""

import argparse
import ast
import re
import subprocess
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from statistics import median

from scripts.style_rules import (
    BANNED_NAMES,
    HCL_WIDTH,
    PHRASES,
    bound_names,
    find_violations,
    python_comments,
    python_strings,
    read_prose,
)

ROOT = Path(__file__).parents[1]
# These contain the banned words as data, or are recorded by a program.
EXEMPT = {
    "scripts/style_rules.py",
    "tests/test_language.py",
    "sandbox/package-lock.json",
    "sandbox/sheets/schema.json",
    "LICENSE",
}
UNREAD = (".png", ".jsonl", ".coverage")
DOCUMENT_WIDTH = 160


def main(arguments: Sequence[str] | None = None) -> int:
    options = create_parser().parse_args(arguments)
    if options.folder is None:
        print("\n".join([*measure_packages(), "", *measure_documents(), "", *measure_imports()]))
        return 0
    if not (ROOT / options.folder).exists():
        create_parser().error(f"{options.folder} does not exist in {ROOT}.")
    violations = [
        violation
        for path in tracked_files(ROOT)
        if path.is_relative_to(options.folder)
        for violation in find_violations(ROOT, path)
    ]
    print("\n".join(map(str, violations)) or "no violations")
    return 1 if violations else 0


def create_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m scripts.measure_style", description=__doc__)
    parser.add_argument("folder", nargs="?", help="folder or file, relative to the repository's root")
    return parser


def tracked_files(root: Path) -> list[Path]:
    """Paths relative to `root`, of text files that have language rules."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard"]
    names = subprocess.run(command, cwd=root, capture_output=True, text=True, check=True).stdout.split("\n")
    return [
        Path(name)
        for name in sorted(set(names))
        if name and (root / name).is_file() and name not in EXEMPT and not name.endswith(UNREAD)
    ]


def measure_packages() -> list[str]:
    """One row for each top-level folder with Python code."""
    sources = python_sources()
    code = sum(lines(text) for folder, texts in sources.items() if folder != "tests" for text in texts)
    rows = ["| package | files | lines | of code % | phrases per 1,000 words | comments per 100 lines | "]
    rows[0] += "functions | median lines | one-word names % | banned names % | def read( |"
    rows.append("|---|" + "---:|" * 10)
    for folder, texts in sources.items():
        trees = [ast.parse(text) for text in texts]
        functions = [node for tree in trees for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)]
        names = [name for tree in trees for _, name in bound_names(tree)]
        total = sum(map(lines, texts))
        comments = sum(len(list(python_comments(text))) for text in texts)
        cells = [
            folder,
            len(texts),
            f"{total:,}",
            "" if folder == "tests" else f"{100 * total / code:.0f}",
            f"{phrases_per_thousand(documentation(texts)):.1f}",
            f"{100 * comments / max(total, 1):.1f}",
            len(functions),
            median([(node.end_lineno or 0) - node.lineno + 1 for node in functions] or [0]),
            f"{share(is_one_word(node.name) for node in functions):.0f}",
            f"{share(name in BANNED_NAMES for name in names):.1f}",
            sum(node.name == "read" for node in functions),
        ]
        rows.append(f"| {' | '.join(map(str, cells))} |")
    return rows


def measure_documents() -> list[str]:
    """README, docs/ and HCL."""
    rows = [
        f"| documents | words | phrases per 1,000 words | widest line | lines > {DOCUMENT_WIDTH} |",
        "|---|---:|---:|---:|---:|",
    ]
    paths = [path for path in tracked_files(ROOT) if path.suffix == ".md"]
    groups: dict[str, list[Path]] = {}
    for path in paths:
        groups.setdefault("/".join(path.parts[: min(2, len(path.parts) - 1)]) or path.name, []).append(path)
    for group, members in groups.items():
        texts = [(ROOT / path).read_text() for path in members]
        prose = [
            line for path, text in zip(members, texts, strict=True) for _, line in read_prose(path, text)
        ]
        widths = [len(line) for text in texts for line in text.splitlines()]
        word_count = sum(len(text.split()) for text in texts)
        long = sum(width > DOCUMENT_WIDTH for width in widths)
        rows.append(
            f"| {group} | {word_count:,} | {phrases_per_thousand(prose):.1f} | {max(widths)} | {long} |"
        )
    hcl = [
        len(line)
        for path in tracked_files(ROOT)
        if path.suffix in {".tf", ".hcl", ".tfvars"}
        for line in (ROOT / path).read_text().splitlines()
    ]
    wide = sum(width > HCL_WIDTH for width in hcl)
    return [*rows, "", f"HCL: {len(hcl):,} lines, widest {max(hcl)}, {wide} wider than {HCL_WIDTH}."]


def measure_imports() -> list[str]:
    """Nodes (direct children of a package), import levels, and import edges of each package."""
    rows = ["| package | nodes | levels | edges |", "|---|---:|---:|---:|"]
    for folder in python_sources():
        if folder == "tests":
            continue
        edges = import_edges(folder)
        nodes = {node for edge in edges for node in edge}
        rows.append(f"| {folder} | {len(nodes)} | {count_levels(edges)} | {len(edges)} |")
    return rows


def import_edges(folder: str) -> set[tuple[str, str]]:
    """(importer, imported) between the direct children of a package: modules and subpackages."""
    edges = set()
    for path in tracked_files(ROOT):
        if path.suffix != ".py" or path.parts[0] != folder or path.name == "__init__.py":
            continue
        importer = path.with_suffix("").parts[1]
        for node in ast.walk(ast.parse((ROOT / path).read_text())):
            modules = []
            if isinstance(node, ast.ImportFrom) and node.module and not node.level:
                modules = [f"{node.module}.{alias.name}" for alias in node.names]
            elif isinstance(node, ast.Import):
                modules = [alias.name for alias in node.names]
            for module in modules:
                parts = module.split(".")
                if parts[0] == folder and len(parts) > 1 and is_module(folder, parts[1]):
                    edges.add((importer, parts[1]))
    return {(importer, imported) for importer, imported in edges if importer != imported}


def is_module(folder: str, name: str) -> bool:
    return (ROOT / folder / f"{name}.py").is_file() or (ROOT / folder / name).is_dir()


def count_levels(edges: set[tuple[str, str]]) -> int:
    """Length of the longest chain of imports; a cycle counts once."""

    def depth(node: str, above: frozenset[str]) -> int:
        if node not in depths:
            below = [end for start, end in sorted(edges) if start == node and end not in above]
            depths[node] = 1 + max((depth(end, above | {node}) for end in below), default=0)
        return depths[node]

    depths: dict[str, int] = {}
    # In a cycle the depth of a node depends on where the walk begins, so the order must not be that of a set.
    return max((depth(start, frozenset({start})) for start, _ in sorted(edges)), default=1)


def python_sources() -> dict[str, list[str]]:
    """Texts of the Python files of each top-level folder."""
    sources: dict[str, list[str]] = {}
    for path in tracked_files(ROOT):
        if path.suffix == ".py":
            sources.setdefault(path.parts[0], []).append((ROOT / path).read_text())
    return sources


def documentation(texts: Iterable[str]) -> list[str]:
    """Comments and docstrings."""
    return [
        line
        for text in texts
        for _, line in [*python_comments(text), *python_strings(text, docstrings_only=True)]
    ]


def phrases_per_thousand(prose: Iterable[str]) -> float:
    matches = word_count = 0
    for line in prose:
        word_count += len(line.split())
        matches += sum(len(re.findall(pattern, line, re.IGNORECASE)) for pattern, _ in PHRASES)
    return 1000 * matches / max(word_count, 1)


def lines(text: str) -> int:
    return len(text.splitlines())


def is_one_word(name: str) -> bool:
    return "_" not in name.strip("_")


def share(flags: Iterable[bool]) -> float:
    values = list(flags)
    return 100 * sum(values) / max(len(values), 1)


if __name__ == "__main__":
    sys.exit(main())
