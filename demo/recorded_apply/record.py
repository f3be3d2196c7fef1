"""python -m demo.recorded_apply.record: applies workspace `local` to a fresh sandbox, and keeps what the provider sent.

A line is a request. Terraform sends many at once, in another order each time; here they are in one that
always works: folders before what is in them, and who may use it all last.
"""

import json
import re
import sys
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from demo.commands import Shell
from demo.provision import terraform_misses
from demo.recorded_apply.replay import RECORD
from demo.server import running
from sandbox.errors import CannotRecord, SandboxError
from sandbox.recorder import FILE

Json = dict[str, Any]

POLICY = re.compile(r".*:setIamPolicy|/storage/v1/b/[^/]+/iam")
TOPIC_POLICY = re.compile(r"/pubsub/v1/projects/[^/]+/topics/[^/]+:setIamPolicy")
NAMED = re.compile(r".*/(topics/[^/:]+|notificationChannels|metrics)")
ENABLE = re.compile(r".*/services:batchEnable")
# The server's own, or how the answer is to be written.
VOLATILE = {"etag", "alt", "prettyPrint"}
SETS = {"access", "bindings", "members", "serviceIds"}


def main() -> None:
    try:
        lines = recorded()
    except SandboxError as error:
        sys.exit(f"record: {error}")
    RECORD.parent.mkdir(exist_ok=True)
    RECORD.write_text("".join(f"{line}\n" for line in lines))
    print(f"{len(lines)} requests in {RECORD}")


def recorded() -> list[str]:
    """The record's lines, of an apply in a sandbox of its own."""
    with tempfile.TemporaryDirectory() as folder, running(Path(folder), "--record") as state:
        shell = Shell(state)
        if missing := terraform_misses(shell):
            raise CannotRecord(f"the real provider is needed: {missing}")
        shell.python("scripts.bootstrap", "--env", "local")
        shell.python("scripts.deploy", "apply", "--env", "local", "--yes")
        return normalised((state.root / FILE).read_text().splitlines(), state.address)


def normalised(lines: Iterable[str], address: str) -> list[str]:
    """The same for every apply of the same declarations."""
    last: dict[str, Json] = {}
    for line in lines:
        request = {name: stable(value, name) for name, value in json.loads(line).items()}
        key = subject(request)
        last[key] = joined(last[key], request) if key in last else request
    found = [json.dumps(request, ensure_ascii=False) for request in sorted(last.values(), key=place)]
    for line in found:
        if address in line:
            raise CannotRecord(f"a request names this sandbox's own address, which the next has not: {line}")
    return found


def stable(value: Any, name: str = "") -> Any:
    """Without what is volatile; fields and sets in order."""
    if isinstance(value, dict):
        return {key: stable(one, key) for key, one in sorted(value.items()) if key not in VOLATILE}
    if isinstance(value, list):
        found = [stable(one) for one in value]
        return sorted(found, key=json.dumps) if name in SETS else found
    return value


def subject(request: Json) -> str:
    """Requests with the same subject are one: a policy grows with every grant, so the last says it all."""
    method, path = request["method"], request["path"]
    again = method in ("PUT", "PATCH") or POLICY.fullmatch(path) or ENABLE.fullmatch(path)
    return json.dumps([method, path, request["query"], None if again else request["body"]])


def joined(before: Json, request: Json) -> Json:
    if not ENABLE.fullmatch(request["path"]):
        return request
    names = {*before["body"]["serviceIds"], *request["body"]["serviceIds"]}
    return request | {"body": {"serviceIds": sorted(names)}}


def place(request: Json) -> tuple[int, int, str, str]:
    path, text = request["path"], json.dumps(request)
    return rank(request), path.count("/"), path, text


def rank(request: Json) -> int:
    """What others name comes first. A secret that tells topics is refused unless it may: it waits."""
    if NAMED.fullmatch(request["path"]):
        return 0
    if TOPIC_POLICY.fullmatch(request["path"]):
        return 2
    if "topics" in (request["body"] or {}):
        return 3
    return 4 if grants(request) else 1


def grants(request: Json) -> bool:
    """A dataset's policy is its field `access`."""
    return bool(POLICY.fullmatch(request["path"])) or (
        request["method"] == "PATCH" and "access" in request["body"]
    )


if __name__ == "__main__":
    main()
