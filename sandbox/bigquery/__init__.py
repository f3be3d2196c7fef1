"""BigQuery: local-bigquery mounted in the sandbox, with DuckDB's extensions from PyPI packages."""

import importlib.util
import os
from pathlib import Path

from starlette.types import ASGIApp

from sandbox.bigquery import patches
from sandbox.bigquery.patches import access as access_checks
from sandbox.iam.access import Access
from sandbox.state import State

# The extensions that local-bigquery 0.3.2 loads.
EXTENSIONS = ("ducklake", "icu", "spatial")


def application(state: State, access: Access) -> ASGIApp:
    """Can be called once per process: local-bigquery reads its settings when it is imported."""
    os.environ |= {
        "HOME": str(state.root / "home"),
        "DEFAULT_PROJECT_ID": state.project,
        "DATA_DIR": str(state.root / "bigquery"),
        # The folder in which sandbox/storage has the objects: load jobs read them as files.
        "GCS_LOCAL_ROOT": str(state.root / "storage"),
    }
    link_extensions(state.root / "home")
    from local_bigquery.app import app

    patches.install()
    access_checks.install(access)
    bigquery: ASGIApp = app
    return bigquery


def link_extensions(home: Path) -> None:
    """Installs the extensions where DuckDB looks for them, below HOME.

    A private HOME leaves the user's own extensions unchanged; links save a copy of 130 MB.
    """
    import duckdb

    platform, version = duckdb.execute(
        "SELECT platform, library_version FROM pragma_platform(), pragma_version()"
    ).fetchone() or ("", "")
    # DuckDB loads an extension only from the folder of its own version and platform.
    folder = home / ".duckdb" / "extensions" / version / platform
    folder.mkdir(parents=True, exist_ok=True)
    for name in EXTENSIONS:
        link = folder / f"{name}.duckdb_extension"
        # Replaced at every start: the packages may be in another virtual environment than last time.
        link.unlink(missing_ok=True)
        link.symlink_to(package_folder(f"duckdb_extension_{name}") / "extensions" / version / link.name)


def package_folder(name: str) -> Path:
    spec = importlib.util.find_spec(name)
    if spec is None or spec.origin is None:
        raise ModuleNotFoundError(f"Python package {name} is not installed: run 'make install'.")
    return Path(spec.origin).parent
