"""scripts.deploy and scripts.bootstrap: what they say, ask and refuse. tests/terraform applies for real."""

import io
import subprocess
from pathlib import Path
from shutil import which

import pytest
import requests

from scripts.deploy.__main__ import confirm
from scripts.deploy.checkout import check_clean
from scripts.deploy.environment import Environment
from scripts.deploy.errors import DirtyCheckout, NotConfirmed, Protected, UnknownEnvironment, WrongPlan
from scripts.deploy.plan import Plan
from scripts.deploy.summary import lines
from tests.terraform.tree import Tree

needs_terraform = pytest.mark.skipif(which("terraform") is None, reason="terraform is not installed")


@pytest.fixture(scope="module")
def tree(tmp_path_factory):
    return Tree.grown(tmp_path_factory.mktemp("deploy"))


def plan(*changes, **more):
    """A plan of those resource changes, as Terraform would show it."""
    return Plan.read(
        Path("kept.tfplan"), {"resource_changes": changes, "variables": {"env": {"value": "prod"}}} | more
    )


def change(address, actions, before=None, after=None, kind="google_thing", **more):
    told = {"actions": actions, "before": before, "after": after, "after_unknown": {}} | more
    return {"address": address, "type": kind, "change": told}


def test_a_plan_is_a_line_for_each_change_and_a_sum():
    named = {"name": "a", "etag": "1", "text": "x" * 50}, {"name": "b", "text": "y" * 50}
    found = plan(
        change("made", ["create"], None, {"name": "a"}),
        change("kept", ["no-op"], {"name": "a"}, {"name": "a"}),
        change("read", ["read"], None, {"name": "a"}),
        change("named", ["update"], *named, after_unknown={"etag": True}),
        change("moved", ["delete", "create"], {"at": "EU"}, {"at": "US"}, replace_paths=[["at"]]),
        change("other", ["create", "delete"], {}, {}),
        change("ended", ["delete"], {"name": "a"}, None),
        change("lost", ["forget"], {"name": "a"}, None),
        change("told", ["update"], {"key": "old"}, {"key": "new"}, after_sensitive={"key": True}),
    )
    assert lines(found) == [
        "  + made",
        '  ~ named  (etag, name: "a" → "b", text)',
        '-/+ moved  (at: "EU" → "US")',
        "-/+ other",
        "  - ended",
        "  . lost",
        "  ~ told  (key)",
        "Would be 1 created, 2 changed, 2 replaced, 1 destroyed, 1 forgotten.",
    ]


def test_a_table_that_is_replaced_is_red_where_colours_are_seen():
    kind = "google_bigquery_table"
    found = plan(change("t", ["delete", "create"], {}, {}, kind), change("u", ["update"], {}, {}, kind))
    told = "-/+ t  its rows are lost"
    assert lines(found)[:2] == [told, "  ~ u"]
    assert lines(found, colour=True)[:2] == [f"\033[31m{told}\033[0m", "  ~ u"]


def test_the_grants_that_change_stand_on_their_own():
    job = {"role": "roles/run.viewer", "member": "serviceAccount:p@x", "name": "projects/x/jobs/copy"}
    folder = {"role": "roles/storage.objectUser", "member": "user:a@x", "bucket": "b"}
    folder["condition"] = [{"title": "only in/"}]
    new = {"role": "roles/bigquery.jobUser", "member": None, "project": "x"}
    found = plan(
        change("job", ["delete", "create"], job, job | {"member": "serviceAccount:q@x"}),
        change("folder", ["delete"], folder),
        change("new", ["create"], None, new),
        change("same", ["no-op"], new, new),
    )
    assert lines(found)[3:-1] == [
        "grants",
        "  - serviceAccount:p@x: run.viewer on job copy",
        "  - user:a@x: storage.objectUser on bucket b, only in/",
        "  + a new identity: bigquery.jobUser on the project",
        "  + serviceAccount:q@x: run.viewer on job copy",
    ]


def test_a_plan_without_changes_says_so():
    assert lines(plan(change("kept", ["no-op"], {}, {}))) == ["Nothing would be changed."]
    assert lines(plan(output_changes={"a": {"actions": ["create"]}, "b": {"actions": ["no-op"]}})) == [
        "outputs: a",
        "Nothing would be changed.",
    ]


@pytest.mark.parametrize("guard", [{"deletion_policy": "PREVENT"}, {"deletion_protection": True}])
def test_what_is_protected_stops_a_plan_before_it_begins(guard):
    for actions in (["delete"], ["delete", "create"]):
        with pytest.raises(Protected, match="prod is protected, and this plan ends 1 .+: data. Nothing was"):
            plan(change("free", ["delete"], {}), change("data", actions, guard, guard)).check_protection()
    plan(change("free", ["delete"], {}), change("data", ["update"], guard, guard)).check_protection()


def test_a_plan_of_another_environment_is_not_applied():
    with pytest.raises(WrongPlan, match="kept.tfplan is a plan of prod, not of dev"):
        plan().check_env("dev")
    plan().check_env("prod")


def git(folder, *words):
    subprocess.run(["git", "-C", folder, *words], check=True, capture_output=True)


def test_what_is_in_no_commit_is_not_deployed(tmp_path):
    with pytest.raises(DirtyCheckout, match="no Git repository"):
        check_clean(tmp_path, "prod")
    git(tmp_path, "init", "-q")
    check_clean(tmp_path, "prod")
    for name in "abcdefg":
        (tmp_path / name).touch()
    with pytest.raises(DirtyCheckout, match=r"(?s)\?\? a\n.+and 2 more\nCommit it, .+git worktree add"):
        check_clean(tmp_path, "prod")


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


@pytest.mark.parametrize("command", ["apply", "destroy"])
def test_prod_is_deployed_from_a_commit(tree, sandbox, command):
    told = tree.script("deploy", command, "--env", "prod", "--yes", state=sandbox)
    assert (told.returncode, told.stdout) == (1, "")
    assert "is in no Git repository" in told.stderr and "Deploy it from a clone" in told.stderr


def test_a_wrong_command_is_no_drift(tree, sandbox):
    """Whose exit code is 2, as is that of argparse."""
    for words in (["drift"], ["drfit", "--env", "dev"], ["drift", "--env", "../dev"]):
        assert tree.script("deploy", *words, state=sandbox).returncode == 1


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
    assert "service-100000000001@gcp-sa-secretmanager.iam.gserviceaccount.com is there" in made.stdout
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
