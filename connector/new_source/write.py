"""Write the files of a new source: nothing that exists is changed; all files or none."""

import os
import shutil
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from connector.declaration_check import check_declaration, find_secret_conflicts
from connector.errors import DeclarationError
from connector.new_source.request import Request
from connector.sources import registry
from runtime.errors import UsageError

SOURCES, SCHEMAS = Path("connector/sources"), Path("connector/schemas")
MODELS = Path("dataform/definitions")


def check_free(request: Request, root: Path) -> None:
    """UsageError for a file, an endpoint or a table that exists already."""
    existing = [path for path in list_paths(request) if (root / path).exists()]
    if existing:
        raise UsageError(
            f"{', '.join(map(str, existing))} exists already; nothing was written. Choose another name, or remove it."
        )
    for path in sorted((root / SOURCES).glob("*.yaml")):
        declared = registry.load_declaration(path)
        endpoints = declared.get("endpoints") if isinstance(declared, dict) else None
        for name, endpoint in endpoints.items() if isinstance(endpoints, dict) else ():
            table = endpoint.get("table") if isinstance(endpoint, dict) else None
            if taken := request.places.keys() & {name, table}:
                raise UsageError(
                    f"{', '.join(taken)} is an endpoint or a table of {path.name}; choose another --endpoint."
                )


def list_paths(request: Request) -> list[Path]:
    tables = request.places
    return [
        SOURCES / f"{request.name}.yaml",
        *(SCHEMAS / f"{table}.json" for table in tables),
        *(MODELS / "sources" / f"{table}.sqlx" for table in tables),
        *(MODELS / "ods" / f"{table}{suffix}.sqlx" for table in tables for suffix in ("", "_rejects")),
    ]


def write_files(name: str, texts: Mapping[Path, str], root: Path) -> None:
    """Checked in a folder of their own first. UsageError if a file appeared meanwhile; the others are then removed."""
    # In `root`, because a link cannot lead to another file system.
    staged = Path(tempfile.mkdtemp(prefix=".new-source-", dir=root))
    try:
        for path, text in texts.items():
            (staged / path).parent.mkdir(parents=True, exist_ok=True)
            (staged / path).write_text(text, encoding="utf-8")
        check_staged(name, staged, root)
        link_all(list(texts), staged, root)
    finally:
        shutil.rmtree(staged)


def check_staged(name: str, staged: Path, root: Path) -> None:
    """DeclarationError with every problem of the new files, and for a secret of another source."""
    problems = check_declaration(name, staged / SOURCES, staged / SCHEMAS)
    for path in (root / SOURCES).glob("*.yaml"):
        shutil.copy(path, staged / SOURCES)
    problems += find_secret_conflicts(staged / SOURCES)
    if problems:
        raise DeclarationError("\n".join(problems))


def link_all(paths: Sequence[Path], staged: Path, root: Path) -> None:
    """A link, unlike a rename, fails if the file exists."""
    done: list[Path] = []
    try:
        for path in paths:
            (root / path).parent.mkdir(parents=True, exist_ok=True)
            os.link(staged / path, root / path)
            done.append(root / path)
    except BaseException as error:
        for written in done:
            written.unlink()
        if isinstance(error, OSError):
            raise UsageError(f"could not write {path}: {error}. Nothing was written.") from error
        raise
