"""python -m demo.recorded_apply.replay --root .sandbox: makes workspace `local` where Terraform's provider cannot be had.

The requests are the provider's own (`record.py`), so the services see what they see from Terraform; only the
state, which Terraform keeps for itself, is missing.
"""

import argparse
import json
import sys
from pathlib import Path

import requests

from sandbox.errors import ReplayFailed, SandboxError
from sandbox.serving import Holder
from sandbox.state import State

RECORD = Path(__file__).parent / "recorded" / "local.jsonl"


def main() -> None:
    parser = argparse.ArgumentParser(prog="demo.recorded_apply.replay", description=__doc__)
    parser.add_argument("--root", type=Path, default=Path(".sandbox"), help="of the sandbox that is running")
    root = parser.parse_args().root.resolve()
    try:
        print(f"{replay(Holder.of(root).state(root))} requests replayed")
    except SandboxError as error:
        sys.exit(f"replay: {error}")


def replay(state: State, record: Path = RECORD) -> int:
    """Sends the record to a fresh sandbox, and returns how many requests it had.

    Raises ReplayFailed at the first that is refused, as it is when replayed twice.
    """
    lines = record.read_text().splitlines()
    with requests.Session() as session:
        session.headers["Authorization"] = "Bearer sandbox"
        for line in lines:
            send(session, state, line)
    return len(lines)


def send(session: requests.Session, state: State, line: str) -> None:
    request = json.loads(line)
    method, url = request["method"], f"{state.address}{request['path']}"
    try:
        answer = session.request(method, url, params=request["query"], json=request["body"], timeout=60)
    except requests.RequestException as error:
        raise ReplayFailed(f"no sandbox answers on {state.address}: {error}") from error
    if not answer.ok:
        raise ReplayFailed(f"{method} {request['path']} was refused with {answer.status_code}: {answer.text}")


if __name__ == "__main__":
    main()
