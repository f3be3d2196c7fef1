"""Creates the resources of workspace `local` without Terraform: `python -m demo.recorded_apply.replay`.

The recorded requests are those of Terraform's provider (see record.py), so the services receive the same as
from Terraform. Only Terraform's state is missing: a later apply would try to create everything again.
"""

import argparse
import json
import sys
from pathlib import Path
from typing import Any

import requests

from demo.errors import ReplayFailed
from sandbox.errors import SandboxError
from sandbox.serving import Holder
from sandbox.state import State

RECORD = Path(__file__).with_name("local.jsonl")
TIMEOUT_SECONDS = 60


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m demo.recorded_apply.replay", description=__doc__)
    parser.add_argument("--root", type=Path, default=Path(".sandbox"), help="folder of a running sandbox")
    root = parser.parse_args().root.resolve()
    try:
        print(f"{replay(Holder.of(root).state(root))} requests replayed")
    except SandboxError as error:
        sys.exit(f"replay: {error}")


def replay(state: State, record: Path = RECORD) -> int:
    """Sends the record to a new sandbox. Returns the number of requests.

    Raises ReplayFailed at the first that is rejected, for example when it is replayed a second time.
    """
    if not record.exists():
        raise ReplayFailed(
            f"{record} does not exist: an apply is recorded by `make record`, which needs Terraform's provider."
        )
    lines = record.read_text().splitlines()
    with requests.Session() as session:
        # This token names no identity, so the sandbox treats the requests as the owner's and checks no permission.
        session.headers["Authorization"] = "Bearer sandbox"
        # Sequentially: the order of the lines has each resource before those that refer to it.
        for line in lines:
            send(session, state, line)
    return len(lines)


def send(session: requests.Session, state: State, line: str) -> None:
    request = json.loads(line)
    method, url = request["method"], f"{state.address}{request['path']}"
    try:
        response = session.request(
            method, url, params=request["query"], timeout=TIMEOUT_SECONDS, **content_of(request)
        )
    except requests.RequestException as error:
        raise ReplayFailed(f"no sandbox responds on {state.address}: {error}") from error
    if not response.ok:
        raise ReplayFailed(
            f"{method} {request['path']} was rejected with {response.status_code}: {response.text}"
        )


def content_of(request: dict[str, Any]) -> dict[str, Any]:
    """The body of a request as `requests` takes it: JSON, or the parts of an upload."""
    if "text" not in request:
        return {"json": request["body"]}
    return {"data": request["text"].encode(), "headers": {"Content-Type": request["type"]}}


if __name__ == "__main__":
    main()
