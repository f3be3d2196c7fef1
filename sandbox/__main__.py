"""python -m sandbox serve: serves Google's APIs on 127.0.0.1 until Ctrl-C."""

import argparse
import os
import sys
from pathlib import Path

from sandbox.errors import SandboxError
from sandbox.serving import Options, serve
from sandbox.state import PROJECT, SPREADSHEET, State


def main() -> None:
    parser = argparse.ArgumentParser(prog="sandbox", description=__doc__)
    parser.add_argument("command", choices=["serve"])
    parser.add_argument("--root", type=Path, default=Path(".sandbox"), help="the folder that keeps its state")
    parser.add_argument("--port", type=int, default=0, help="0, the default: the last one if it is free")
    parser.add_argument("--exit-with-parent", action="store_true", help="stop when standard input ends")
    parser.add_argument("--record", action="store_true", help="keep what Terraform's provider sends")
    parser.add_argument("--project", default=PROJECT, help="the id of its one project; default: %(default)s")
    parser.add_argument(
        "--extension",
        action="append",
        default=[],
        metavar="MODULE",
        help="serve the routes of this module as well",
    )
    parser.add_argument(
        "--spreadsheet",
        action="append",
        metavar="ID",
        help=f"a spreadsheet that a new sandbox has; default: {SPREADSHEET}",
    )
    arguments = parser.parse_args()
    options = Options(
        root=arguments.root.resolve(),
        port=arguments.port,
        exit_with_parent=arguments.exit_with_parent,
        record=arguments.record,
        project=arguments.project,
        extensions=tuple(arguments.extension),
        spreadsheets=tuple(arguments.spreadsheet or [SPREADSHEET]),
    )
    try:
        serve(options, announce)
    except SandboxError as error:
        sys.exit(f"sandbox: {error}")
    # os._exit does not flush Python's buffers.
    sys.stdout.flush()
    os._exit(
        0
    )  # without joining threads: one that waits for a job would keep this process, and the job, running


def announce(state: State) -> None:
    environment = state.root / "env"
    path = environment.relative_to(Path.cwd()) if environment.is_relative_to(Path.cwd()) else environment
    rows = {
        "project": f"{state.project}, data in {path.parent}",
        "address": state.address,
        "sheets": f"{state.address}/sheets/view/<id>",
        "environment": f"source {path}",
        "stop": "Ctrl-C",
    }
    # Standard output is block-buffered when it is a file or a pipe: the address would appear at the end.
    print("\n".join(f"  {name:<12} {text}" for name, text in rows.items()), flush=True)


if __name__ == "__main__":
    main()
