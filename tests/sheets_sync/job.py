"""python -m sheets_sync, as Cloud Run starts it."""

import os
import subprocess
import sys

from sandbox import environment


def started(cloud, *arguments, folder=None, **settings):
    """Run it as sheets-sync, on the code in `folder`; a setting that is None is taken away."""
    clients = environment.clients(cloud.state, cloud.state.identity("sheets-sync"))
    project = {"PROJECT_ID": cloud.state.project, "LOCATION": "EU", "PATH": os.environ["PATH"]}
    wanted = clients | project | settings
    return subprocess.run(
        [sys.executable, "-m", "sheets_sync", *arguments],
        cwd=folder,
        env={name: value for name, value in wanted.items() if value is not None},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
