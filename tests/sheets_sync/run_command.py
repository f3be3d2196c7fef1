"""python -m sheets_sync, as Cloud Run starts it."""

import json
import os
import subprocess
import sys
from pathlib import Path

from sandbox import environment

ROOT = Path(__file__).parents[2]


def run_command(cloud, *arguments, folder=None, **settings):
    """Run it as sheets-sync, on the code in `folder`; settings with the value None are removed."""
    clients = environment.clients(cloud.state, cloud.state.identity("sheets-sync"))
    paths = {"PYTHONPATH": str(ROOT)} if folder else {}
    project = {"PROJECT_ID": cloud.state.project, "LOCATION": "EU", "PATH": os.environ["PATH"]}
    environ = clients | project | paths | settings
    return subprocess.run(
        [sys.executable, "-m", "sheets_sync", *arguments],
        cwd=folder,
        env={name: value for name, value in environ.items() if value is not None},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def log_lines(result):
    """The structured log, one dictionary per line."""
    return [json.loads(line) for line in result.stderr.splitlines()]
