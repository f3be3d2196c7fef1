"""python -m sandbox serve: Google Cloud on 127.0.0.1 until Ctrl-C."""

import argparse
import os
import socket
from pathlib import Path

import uvicorn

from sandbox.state import State


def main() -> None:
    parser = argparse.ArgumentParser(prog="sandbox")
    parser.add_argument("command", choices=["serve"])
    parser.add_argument("--root", type=Path, default=Path(".sandbox"), help="folder that keeps its state")
    parser.add_argument("--port", type=int, default=0, help="0: any free one")
    arguments = parser.parse_args()
    serve(arguments.root.resolve(), arguments.port or free_port())


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def serve(root: Path, port: int) -> None:
    state = State(root, port)
    prepare_bigquery(state)
    from sandbox.server import application

    uvicorn.run(application(state), host="127.0.0.1", port=port, log_level="warning")


def prepare_bigquery(state: State) -> None:
    """DuckDB looks for its extensions below HOME; a private one keeps the person's own untouched."""
    home = state.root / "home"
    home.mkdir(parents=True, exist_ok=True)
    os.environ |= {
        "HOME": str(home),
        "DEFAULT_PROJECT_ID": state.project,
        "DATA_DIR": str(state.root / "bigquery"),
        "GCS_LOCAL_ROOT": str(state.root / "storage"),
    }
    import duckdb_extensions

    for name in ("ducklake", "icu", "spatial"):
        duckdb_extensions.import_extension(name)


if __name__ == "__main__":
    main()
