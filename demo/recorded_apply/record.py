"""`make record`: applies workspace `local` to a new sandbox and records the requests of Terraform's provider.

`--source COMPANY` records the declarations of another company than retail, in a temporary copy of the repository.

Each line of the file is one request. Terraform sends requests in parallel, in another order every time; the
file has them in an order that always works: a parent before its children, and grants last.
"""

import argparse
import json
import re
import shutil
import sys
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from demo.commands import REPOSITORY, Shell
from demo.companies import company_names, current_name
from demo.companies.copied_repository import copy_repository, declared_file, run_in_copy
from demo.errors import CannotRecord
from demo.provision import why_no_terraform
from demo.recorded_apply.replay import RECORD
from demo.server import running
from sandbox.errors import SandboxError
from sandbox.recorder import FILE

Json = dict[str, Any]

POLICY = re.compile(r".*:setIamPolicy|/storage/v1/b/[^/]+/iam")
TOPIC_POLICY = re.compile(r"/pubsub/v1/projects/[^/]+/topics/[^/]+:setIamPolicy")
REFERENCED = re.compile(r".*/(topics/[^/:]+|notificationChannels|metrics|global/networks)")
ENABLE_SERVICES = re.compile(r".*/services:batchEnable")
VOLATILE = {"etag", "alt", "prettyPrint"}  # set by the server, or only about the response's format
# After every rank of rank().
VIEW_RANK = 5
UNORDERED = {
    "access",
    "auditConfigs",
    "bindings",
    "members",
    "serviceIds",
}  # lists whose order has no meaning


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m demo.recorded_apply.record")
    parser.add_argument("--source", choices=company_names(), default=current_name())
    source = parser.parse_args().source
    if source != current_name():
        sys.exit(record_company(source))
    try:
        lines = record_apply()
    except SandboxError as error:
        sys.exit(f"record: {error}")
    RECORD.write_text("".join(f"{line}\n" for line in lines))
    print(f"{len(lines)} requests in {RECORD}")


def record_company(name: str) -> int:
    """Returns the exit code of this module in the company's copy of the repository."""
    with tempfile.TemporaryDirectory() as folder:
        repository = Path(folder) / "repository"
        copy_repository(name, repository)
        code = run_in_copy(repository, "demo.recorded_apply.record", [])
        if code == 0:
            record = RECORD.relative_to(REPOSITORY)
            shutil.copy(repository / record, declared_file(name, record))
        return code


def record_apply() -> list[str]:
    """The lines of an apply in a temporary sandbox. Raises CannotRecord without Terraform's provider."""
    with tempfile.TemporaryDirectory() as folder, running(Path(folder), "--record") as state:
        shell = Shell(state)
        if reason := why_no_terraform(shell):
            raise CannotRecord(f"the real provider is needed: {reason}")
        shell.run_module("scripts.bootstrap", "--env", "local")
        shell.run_module("scripts.deploy", "apply", "--env", "local", "--yes")
        return normalize((state.root / FILE).read_text().splitlines(), state.address)


def normalize(lines: Iterable[str], address: str) -> list[str]:
    """Equal for every apply of the same declarations. `address` is that of the recording sandbox."""
    requests: dict[str, Json] = {}
    for line in lines:
        request = {name: normalize_value(value, name) for name, value in json.loads(line).items()}
        key = merge_key(request)
        requests[key] = merge_requests(requests[key], request) if key in requests else request
    normalized = [
        json.dumps(request, ensure_ascii=False) for request in sorted(requests.values(), key=sort_key)
    ]
    for line in normalized:
        # The port of the sandbox differs in every recording, so a replay would call an address that does not exist.
        if address in line:
            raise CannotRecord(f"a request contains this sandbox's address, which changes: {line}")
    return normalized


def normalize_value(value: Any, name: str = "") -> Any:
    """Without volatile fields; fields and unordered lists are sorted."""
    if isinstance(value, dict):
        return {key: normalize_value(item, key) for key, item in sorted(value.items()) if key not in VOLATILE}
    if isinstance(value, list):
        items = [normalize_value(item) for item in value]
        return sorted(items, key=json.dumps) if name in UNORDERED else items
    return value


def merge_key(request: Json) -> str:
    """Requests with the same key become one: each grant writes the whole policy, so the last has them all."""
    method, path = request["method"], request["path"]
    replaces = method in ("PUT", "PATCH") or POLICY.fullmatch(path) or ENABLE_SERVICES.fullmatch(path)
    return json.dumps([method, path, request["query"], None if replaces else request["body"]])


def merge_requests(earlier: Json, request: Json) -> Json:
    """The later request; services to enable are combined."""
    if not ENABLE_SERVICES.fullmatch(request["path"]):
        return request
    services = {*earlier["body"]["serviceIds"], *request["body"]["serviceIds"]}
    return request | {"body": {"serviceIds": sorted(services)}}


def sort_key(request: Json) -> tuple[int, int, str, str]:
    path, text = request["path"], json.dumps(request)
    if "view" in (request["body"] or {}):
        # After all tables, and in the order of their creation: one view reads another, and Terraform waits for it.
        return VIEW_RANK, 0, "", ""
    return rank(request), path.count("/"), path, text


def rank(request: Json) -> int:
    """Referenced resources first. A secret with topics follows the policy that lets it publish to them."""
    if REFERENCED.fullmatch(request["path"]):
        return 0
    if TOPIC_POLICY.fullmatch(request["path"]):
        return 2
    if "topics" in (request["body"] or {}):
        return 3
    return 4 if is_grant(request) else 1


def is_grant(request: Json) -> bool:
    """The policy of a dataset is its field `access`."""
    return bool(POLICY.fullmatch(request["path"])) or (
        request["method"] == "PATCH" and "access" in request["body"]
    )


if __name__ == "__main__":
    main()
