"""The npm package google-spreadsheet does its ordinary work on the sandbox's Sheets."""

import json
import os
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

from sandbox.process import running
from tests.servers.catalogue import APPS, MODULES, NODE

NAME = "google_spreadsheet"
# The second row after its change, because the first one is deleted.
EXPECTED = {
    "title": "Other",
    "tabs": ["Sheet1", "Renamed"],
    "before": 5,
    "rows": [{"day": "2017-01-02", "baskets": "7"}],
    "note": "of a person",
}


def check_client(modules: Path = MODULES) -> Iterator[str]:
    """A sentence if the package fails, or reads something else than it wrote."""
    with tempfile.TemporaryDirectory() as folder, running(Path(folder)) as state:
        command = [str(NODE), str(APPS / f"{NAME}.js"), state.address]
        environ = os.environ | {"NODE_PATH": str(modules)}
        done = subprocess.run(command, env=environ, capture_output=True, text=True, timeout=60, check=False)
    if done.returncode:
        yield f"{NAME}: {done.stderr}"
    elif json.loads(done.stdout) != EXPECTED:
        yield f"{NAME}: read {done.stdout}, expected {json.dumps(EXPECTED)}"
