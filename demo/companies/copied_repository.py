"""A company's repository: a copy of this one with the company's declarations in place of retail's."""

import shutil
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from demo.commands import REPOSITORY
from demo.companies import FOLDER, MARKER

# Not part of the code; node_modules is linked, because it has 100 MB.
LEFT_OUT = (
    *(
        ".git",
        ".venv",
        ".sandbox",
        ".companies",
        "node_modules",
        "__pycache__",
        ".terraform",
        ".terraform.lock.hcl",
    ),
    *(".mypy_cache", ".ruff_cache", ".pytest_cache", ".hypothesis"),
)
DECLARATIONS = (
    "connector/sources/*.yaml",
    "connector/schemas/*.json",
    "sheets_sync/exports/*.yaml",
    "dataform/definitions/**/*.sqlx",
    "demo/recorded_apply/local.jsonl",
)
# Models about the platform itself, which every company has.
GENERIC = (
    "dataform/definitions/ods/checkpoints.sqlx",
    "dataform/definitions/ods/file_reads.sqlx",
    "dataform/definitions/sources/file_log.sqlx",
    "dataform/definitions/sources/run_log.sqlx",
    "dataform/definitions/sources/quality_results.sqlx",
)
NODE_MODULES, SPARK = Path("sandbox/node_modules"), Path(".sandbox/spark")


def copy_repository(name: str, target: Path) -> None:
    """Replaces `target`. `name` is one of company_names(), without retail."""
    shutil.rmtree(target, ignore_errors=True)
    shutil.copytree(REPOSITORY, target, ignore=shutil.ignore_patterns(*LEFT_OUT), symlinks=True)
    (target / NODE_MODULES).symlink_to((REPOSITORY / NODE_MODULES).resolve())
    # Whether it is installed or not: a link to nothing is as if it were absent.
    (target / SPARK).parent.mkdir()
    (target / SPARK).symlink_to(REPOSITORY / SPARK)
    for path in retail_declarations(target):
        path.unlink()
    shutil.copytree(FOLDER / name / "declarations", target, dirs_exist_ok=True)
    (target / MARKER).write_text(name)


def declared_file(name: str, path: Path) -> Path:
    """Where a company keeps its version of a file; its folder is created. `path` is relative to the repository."""
    file = FOLDER / name / "declarations" / path
    file.parent.mkdir(parents=True, exist_ok=True)
    return file


def retail_declarations(repository: Path) -> list[Path]:
    generic = {repository / path for path in GENERIC}
    return [path for pattern in DECLARATIONS for path in repository.glob(pattern) if path not in generic]


def run_in_copy(repository: Path, module: str, arguments: Sequence[str]) -> int:
    """`python -m module` with the copy's code. Returns the exit code; Ctrl-C reaches both processes."""
    # By this interpreter: the copy has no .venv.
    process = subprocess.Popen([sys.executable, "-m", module, *arguments], cwd=repository)
    # Unlike Ctrl-C in a terminal, SIGTERM reaches only the process to which it is sent.
    signal.signal(signal.SIGTERM, lambda number, frame: process.terminate())
    while True:
        try:
            return process.wait()
        except KeyboardInterrupt:
            continue  # the child stops its own processes first
