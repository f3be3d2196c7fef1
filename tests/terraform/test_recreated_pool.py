"""An environment that was destroyed and applied again: Google keeps its workload identity pool for 30 days."""

import re
import sqlite3
from contextlib import closing

import pytest
import requests

from sandbox import environment
from sandbox.process import running
from tests.terraform.hcl_files import ROOT
from tests.terraform.tree import Tree

pytestmark = pytest.mark.timeout(300)

POOL = "module.delivery.google_iam_workload_identity_pool.pool"
PROVIDER = "module.delivery.google_iam_workload_identity_pool_provider.github"
MODULE = """
module "delivery" {
  source         = "../modules/delivery"
  project_id     = "sandbox-local"
  project_number = "100000000001"
  name           = "delivery"
  repository_id  = "999999999999"
  branch         = "main"
  environment    = "local"
  project_roles  = ["roles/bigquery.jobUser"]
  state_bucket   = "state"
  identities = {
    for task in ["plan", "apply", "rehearse"] : task => {
      member = "serviceAccount:delivery-${task}@sandbox-local.iam.gserviceaccount.com"
      name   = "projects/sandbox-local/serviceAccounts/delivery-${task}@sandbox-local.iam.gserviceaccount.com"
    }
  }
}
"""


class Root:
    """The pool and its provider only, with the state in a local file."""

    def __init__(self, tree, state):
        self.tree, self.state = tree, state
        (tree.folder / "pool").mkdir()
        (tree.folder / "pool/main.tf").write_text(MODULE)
        self.run("init", "-input=false")

    def run(self, *arguments, code=0):
        result = self.tree.terraform("pool", *arguments, "-no-color", **environment.terraform(self.state))
        assert result.returncode == code, result.stdout + result.stderr
        return result.stdout + result.stderr

    def change(self, verb, code=0):
        return self.run(verb, "-auto-approve", f"-target={PROVIDER}", f"-target={POOL}", code=code)


@pytest.fixture
def root(provider, tmp_path):
    with running(tmp_path / "sandbox") as state:
        yield Root(Tree.copy(tmp_path / "tree"), state)


def test_a_destroyed_pool_is_restored_and_imported(root):
    assert "2 added" in root.change("apply")
    assert "2 destroyed" in root.change("destroy")
    assert "Error 409: Requested entity already exists" in root.change("apply", code=1)

    pool = f"projects/{root.state.project}/locations/global/workloadIdentityPools/delivery"
    for name in (pool, f"{pool}/providers/github"):
        assert requests.post(f"{root.state.address}/iam/v1/{name}:undelete", json={}, timeout=10).ok
    root.run("import", POOL, pool)
    root.run("import", PROVIDER, f"{pool}/providers/github")
    assert "0 added, 0 changed, 0 destroyed" in root.change("apply")


def test_the_runbook_has_the_same_commands():
    text = (ROOT / "docs/runbooks/failed-apply.md").read_text()
    assert "Requested entity already exists" in text
    for command in ("pools undelete delivery", "providers undelete github"):
        assert command in text
    pool = "projects/<project>/locations/global/workloadIdentityPools/delivery"
    for address, name in ((POOL, pool), (PROVIDER, f"{pool}/providers/github")):
        address = address.replace("module.delivery.", 'module.delivery["github"].')
        assert f"'{address}' {name}\n" in text
    assert re.search(r"30 days", text)


def test_an_id_is_free_again_after_30_days(root):
    root.change("apply")
    root.change("destroy")
    with closing(sqlite3.connect(root.state.root / "resources.sqlite")) as store, store:
        store.execute(
            "UPDATE documents SET body = json_set(body, '$.expireTime', '2001-01-01T00:00:00Z') "
            "WHERE key LIKE '%/workloadIdentityPools/delivery%' AND key NOT LIKE '%:%'"
        )
    assert "2 added" in root.change("apply")
