"""scripts.deploy and scripts.bootstrap: what they say, ask and refuse. tests/terraform applies for real."""

import io
from shutil import which

import pytest
import requests

from scripts.deploy.__main__ import confirm
from scripts.deploy.environment import Environment
from scripts.deploy.errors import NotConfirmed, UnknownEnvironment
from scripts.deploy.summary import lines
from tests.terraform.tree import Tree

needs_terraform = pytest.mark.skipif(which("terraform") is None, reason="terraform is not installed")


@pytest.fixture(scope="module")
def tree(tmp_path_factory):
    return Tree.grown(tmp_path_factory.mktemp("deploy"))


def change(address, actions, before=None, after=None, **more):
    return {
        "address": address,
        "change": {"actions": actions, "before": before, "after": after, "after_unknown": {}} | more,
    }


def test_a_plan_is_a_line_for_each_change_and_a_sum():
    plan = {
        "resource_changes": [
            change("made", ["create"], None, {"name": "a"}),
            change("kept", ["no-op"], {"name": "a"}, {"name": "a"}),
            change("read", ["read"], None, {"name": "a"}),
            change(
                "named", ["update"], {"name": "a", "etag": "1"}, {"name": "b"}, after_unknown={"etag": True}
            ),
            change("moved", ["delete", "create"], {"at": "EU"}, {"at": "US"}, replace_paths=[["at"]]),
            change("other", ["create", "delete"], {}, {}),
            change("ended", ["delete"], {"name": "a"}, None),
            change("lost", ["forget"], {"name": "a"}, None),
        ]
    }
    assert lines(plan) == [
        "  + made",
        "  ~ named  (etag, name)",
        "-/+ moved  (at)",
        "-/+ other",
        "  - ended",
        "  . lost",
        "Would be 1 created, 1 changed, 2 replaced, 1 destroyed, 1 forgotten.",
    ]


def test_a_plan_without_changes_says_so():
    assert lines({"resource_changes": [change("kept", ["no-op"], {}, {})]}) == ["Nothing would be changed."]
    assert lines({}) == ["Nothing would be changed."]


def test_an_environment_is_its_tfvars(tmp_path):
    (tmp_path / "dev.tfvars").write_text('env        = "dev"\nproject_id = "retail-dev" # ours\n')
    environment = Environment.find("dev", tmp_path)
    assert (environment.project, environment.state_bucket) == ("retail-dev", "retail-dev-terraform-state")


def test_an_environment_without_tfvars_is_refused_with_those_that_have_some(tmp_path):
    for name in ("prod", "dev"):
        (tmp_path / f"{name}.tfvars").write_text("")
    with pytest.raises(UnknownEnvironment, match=r"no 'staging'.+ There are dev, prod\."):
        Environment.find("staging", tmp_path)
    with pytest.raises(UnknownEnvironment, match="dev.tfvars names no project"):
        Environment.find("dev", tmp_path)


@pytest.mark.parametrize("answer", ["", "\n", "yes\n", "prod\n"])
def test_only_the_environments_own_name_is_a_yes(answer, monkeypatch):
    monkeypatch.setattr("sys.stdin", io.StringIO(answer))
    with pytest.raises(NotConfirmed, match="nothing was changed in dev"):
        confirm(Environment("dev", "retail-dev"), asked=True)


def test_its_name_is_a_yes_and_so_is_not_being_asked(monkeypatch):
    monkeypatch.setattr("sys.stdin", io.StringIO("dev\n"))
    confirm(Environment("dev", "retail-dev"), asked=True)
    confirm(Environment("dev", "retail-dev"), asked=False)  # stdin is at its end: a question would be refused


def test_without_terraform_it_says_where_to_get_it(tree, sandbox):
    told = tree.script("deploy", "plan", "--env", "local", state=sandbox, PATH=str(tree.folder))
    assert told.returncode == 1
    assert "terraform is not on the PATH" in told.stderr and "Traceback" not in told.stderr


@needs_terraform
def test_without_the_bucket_of_its_state_it_names_bootstrap(tree, sandbox):
    (tree.folder / "environments/spare.tfvars").write_text('project_id = "sandbox-spare"\n')
    told = tree.script("deploy", "plan", "--env", "spare", state=sandbox)
    assert told.returncode == 1
    assert "sandbox-spare-terraform-state does not exist" in told.stderr
    assert "python -m scripts.bootstrap --env spare" in told.stderr


@needs_terraform
def test_what_terraform_says_is_not_lost(tree, sandbox):
    extra = tree.folder / "environments/broken.tf"
    extra.write_text('module "nowhere" {\n  source = "./nowhere"\n}\n')
    told = tree.script("deploy", "output", "--env", "local", state=sandbox)
    extra.unlink()
    assert told.returncode == 1 and told.stdout == ""
    assert "terraform init failed" in told.stderr and "Unreadable module directory" in told.stderr


def test_bootstrap_makes_a_private_versioned_bucket_and_puts_it_right_again(tree, sandbox):
    address = f"{sandbox.address}/storage/v1/b/sandbox-local-terraform-state"
    requests.delete(address, timeout=10)
    made = tree.script("bootstrap", "--env", "local", state=sandbox)
    assert "gs://sandbox-local-terraform-state was made" in made.stdout, made.stderr
    assert "scripts.deploy apply --env local" in made.stdout
    assert settings(address) == ("EU", True, True, "enforced")

    requests.patch(address, json={"versioning": {"enabled": False}}, timeout=10)
    again = tree.script("bootstrap", "--env", "local", state=sandbox)
    assert "was there already" in again.stdout, again.stderr
    assert settings(address) == ("EU", True, True, "enforced")


def settings(address):
    bucket = requests.get(address, timeout=10).json()
    access = bucket["iamConfiguration"]
    return (
        bucket["location"],
        bucket["versioning"]["enabled"],
        access["uniformBucketLevelAccess"]["enabled"],
        access["publicAccessPrevention"],
    )
