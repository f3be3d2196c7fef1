"""python -m sandbox serve: Google Cloud on 127.0.0.1 until Ctrl-C."""

import argparse
import os
import sys
from pathlib import Path

from sandbox.errors import SandboxError
from sandbox.serving import Options, serve
from sandbox.state import PROJECT, State


def main() -> None:
    parser = argparse.ArgumentParser(prog="sandbox", description=__doc__)
    parser.add_argument("command", choices=["serve"])
    parser.add_argument("--root", type=Path, default=Path(".sandbox"), help="the folder that keeps its state")
    parser.add_argument("--port", type=int, default=0, help="0, the default: the last one if it is free")
    parser.add_argument("--exit-with-parent", action="store_true", help="stop when standard input ends")
    parser.add_argument("--record", action="store_true", help="keep what Terraform's provider sends")
    parser.add_argument("--project", default=PROJECT, help="the id of its one project; default: %(default)s")
    given = parser.parse_args()
    options = Options(given.root.resolve(), given.port, given.exit_with_parent, given.record, given.project)
    try:
        serve(options, announce)
    except SandboxError as error:
        sys.exit(f"sandbox: {error}")
    sys.stdout.flush()
    os._exit(0)  # a thread that waits for a child would keep the process, and the process its child


def announce(state: State) -> None:
    environment = state.root / "env"
    shown = environment.relative_to(Path.cwd()) if environment.is_relative_to(Path.cwd()) else environment
    rows = {
        "project": f"{state.project}, state in {shown.parent}",
        "address": state.address,
        "retail API": f"{state.address}/retail/v1, its key in {shown.parent / 'retail-api-key'}",
        "sheets": f"{state.address}/sheets/view/<id>",
        "environment": f"source {shown}",
        "end": "Ctrl-C",
    }
    print("\n".join(f"  {name:<12} {text}" for name, text in rows.items()), flush=True)


if __name__ == "__main__":
    main()
