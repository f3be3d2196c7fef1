"""The sandbox's extension of companies whose servers run beside it: addresses of the servers, for the jobs.

The servers start before the sandbox, on free ports. They write the variables of the jobs into the project's folder.
"""

import json
from collections.abc import Mapping
from pathlib import Path

from starlette.routing import BaseRoute

from sandbox.state import State

FILE = "addresses.json"
EXTENSION = __name__


def write_variables(root: Path, variables: Mapping[str, str]) -> None:
    """Environment variables of the job connector, for example SHOP_URL."""
    root.mkdir(parents=True, exist_ok=True)
    (root / FILE).write_text(json.dumps(dict(variables)))


def routes(state: State) -> list[BaseRoute]:
    """None: nothing is served on the sandbox's own port."""
    return []


def job_variables(state: State) -> dict[str, str]:
    variables: dict[str, str] = json.loads((state.root / FILE).read_text())
    return variables
