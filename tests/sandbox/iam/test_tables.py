"""The tables of roles, permissions and methods fit to each other and to what is provisioned."""

import json
import re
from pathlib import Path

from demo.recorded_apply.replay import RECORD
from sandbox.discovery.documents import find_api
from sandbox.iam import roles
from sandbox.iam.guard import OTHERS, normalized
from sandbox.iam.methods import permission, requirements
from sandbox.iam.permissions import EXISTING, PAGES, UNVERIFIED, expand
from sandbox.state import State

ROOT = Path(__file__).parents[3]


def test_every_role_that_a_module_grants_is_in_the_table() -> None:
    granted = {
        role
        for path in (ROOT / "modules").glob("*/*.tf")
        for role in re.findall(r'"(roles/\w+\.\w+)"', path.read_text())
    }
    assert len(granted) > 15
    assert granted - roles.ROLES.keys() == set()


def test_roles_contain_only_existing_permissions() -> None:
    listed = {name for role in roles.ROLES.values() for name in role.permissions.split()}
    assert {name for name in listed if not name.endswith(".*")} - EXISTING == set()


def test_every_fact_has_a_page() -> None:
    assert all(role.page.startswith("https://") for role in roles.ROLES.values())
    assert all(page.startswith("https://") for page in PAGES)
    verified = set().union(*map(expand, PAGES.values()))
    assert verified & expand(UNVERIFIED) == set()


def test_the_permission_of_every_recorded_request_is_known(tmp_path: Path) -> None:
    checked = set()
    for line in RECORD.read_text().splitlines():
        request = json.loads(line)
        api = find_api(request["path"])
        assert api
        matched = api[0].match(request["method"], api[1])
        if matched and api[0].name not in OTHERS:
            method, resource = matched
            name = normalized(State(tmp_path, 0), resource)
            needed = list(requirements(method, name, request["body"] or {}))
            assert needed or not permission(method)
            checked |= {requirement.permission for requirement in needed}
    assert checked - EXISTING == set()
    assert {"run.jobs.create", "iam.serviceAccounts.actAs", "logging.notificationRules.create"} <= checked
