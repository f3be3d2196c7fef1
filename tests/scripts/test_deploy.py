"""scripts.deploy and scripts.bootstrap: texts, confirmation, rejections. tests/terraform applies for real."""

import io
import json
import os
import subprocess
import zipfile
from pathlib import Path
from shutil import which
from typing import Any

import pytest
import requests

from scripts.deploy.__main__ import apply_with_retry, confirm, create_parser, write_results
from scripts.deploy.checkout import check_clean, check_merged, missing_lock_file
from scripts.deploy.environment import Environment
from scripts.deploy.errors import (
    ApplyFailed,
    DeployError,
    DirtyCheckout,
    InvalidSetting,
    MovedImage,
    NotConfirmed,
    NotMerged,
    Protected,
    StalePlan,
    StateLocked,
    TerraformFailed,
    UnknownEnvironment,
    WrongPlan,
)
from scripts.deploy.images import check_images
from scripts.deploy.plan import Plan
from scripts.deploy.plan_origin import check_origin, write_origin
from scripts.deploy.summary import format_plan
from scripts.deploy.terraform import METRIC_NOT_READY, MetricNotReady, Terraform, is_only_metric_not_ready
from tests.terraform.tree import Tree

needs_terraform = pytest.mark.skipif(which("terraform") is None, reason="terraform is not installed")
PROD = Environment("prod", "retail-prod")
DEV = Environment("dev", "retail-dev", protected=False)


@pytest.fixture(scope="module")
def tree(tmp_path_factory):
    return Tree.copy(tmp_path_factory.mktemp("deploy"))


def parse_plan(*changes, **more):
    """A plan of those resource changes, in the format of `terraform show -json`."""
    document = {"resource_changes": changes, "variables": {"env": {"value": "prod"}}} | more
    return Plan.parse(Path("saved.tfplan"), document)


def change(address, actions, before=None, after=None, kind="google_thing", **more):
    fields = {"actions": actions, "before": before, "after": after, "after_unknown": {}} | more
    return {"address": address, "type": kind, "change": fields}


def test_a_plan_is_one_line_per_change_and_a_total():
    named = {"name": "a", "etag": "1", "text": "x" * 50}, {"name": "b", "text": "y" * 50}
    plan = parse_plan(
        change("created", ["create"], None, {"name": "a"}),
        change("same", ["no-op"], {"name": "a"}, {"name": "a"}),
        change("read", ["read"], None, {"name": "a"}),
        change("named", ["update"], *named, after_unknown={"etag": True}),
        change("moved", ["delete", "create"], {"at": "EU"}, {"at": "US"}, replace_paths=[["at"]]),
        change("other", ["create", "delete"], {}, {}),
        change("ended", ["delete"], {"name": "a"}, None),
        change("lost", ["forget"], {"name": "a"}, None),
        change("secret", ["update"], {"key": "old"}, {"key": "new"}, after_sensitive={"key": True}),
    )
    assert format_plan(plan) == [
        "  + created",
        '  ~ named  (etag, name: "a" → "b", text)',
        '-/+ moved  (at: "EU" → "US")',
        "-/+ other",
        "  - ended",
        "  . lost",
        "  ~ secret  (key)",
        "Would be 1 created, 2 changed, 2 replaced, 1 destroyed, 1 forgotten.",
    ]


def test_a_value_inside_a_block_is_shown_unless_it_is_marked_itself():
    """Terraform marks every block, those without a secret with empty objects and lists."""
    before = {
        "threshold": [{"value": 10, "name": "a"}],
        "env": [{"name": "KEY", "value": "old"}, {"name": "B"}],
    }
    after = {"threshold": [{"value": 7}], "env": [{"name": "B"}, {"name": "KEY", "value": "new"}]}
    plan = parse_plan(
        change(
            "alert",
            ["update"],
            before,
            after,
            before_sensitive={"threshold": [{}], "env": [{"value": True}, {}]},
            after_sensitive={"threshold": [{}], "env": [{}, {}]},
            after_unknown={"threshold": [{"name": True}], "env": [{}, {}]},
        )
    )
    assert format_plan(plan)[0] == "  ~ alert  (env.KEY.value, threshold.value: 10 → 7, threshold.name)"


def test_the_loss_of_rows_is_red_on_a_terminal():
    kind = "google_bigquery_table"
    plan = parse_plan(change("t", ["delete", "create"], {}, {}, kind), change("u", ["update"], {}, {}, kind))
    line = "-/+ t  its rows are lost"
    assert format_plan(plan)[:2] == [line, "  ~ u"]
    assert format_plan(plan, colour=True)[:2] == [f"\033[31m{line}\033[0m", "  ~ u"]


def test_the_grants_that_change_are_a_list_of_their_own():
    job = {"role": "roles/run.viewer", "member": "serviceAccount:p@x", "name": "projects/x/jobs/copy"}
    folder: dict[str, Any]
    folder = {"role": "roles/storage.objectUser", "member": "user:a@x", "bucket": "b"}
    folder["condition"] = [{"title": "only in/"}]
    new = {"role": "roles/bigquery.jobUser", "member": None, "project": "x"}
    plan = parse_plan(
        change("job", ["delete", "create"], job, job | {"member": "serviceAccount:q@x"}),
        change("folder", ["delete"], folder),
        change("new", ["create"], None, new),
        change("same", ["no-op"], new, new),
    )
    assert format_plan(plan)[3:-1] == [
        "grants",
        "  - serviceAccount:p@x: run.viewer on job copy",
        "  - user:a@x: storage.objectUser on bucket b, only in/",
        "  + a new identity: bigquery.jobUser on the project",
        "  + serviceAccount:q@x: run.viewer on job copy",
    ]


def test_grants_inside_a_dataset_and_a_policy_are_listed_too():
    reader = {"role": "READER", "group_by_email": "analysts@x"}
    writer = {"role": "WRITER", "user_by_email": "connector@x"}
    views = {"dataset": [{"dataset": [{"dataset_id": "dmt"}], "target_types": ["VIEWS"]}]}
    before = {"dataset_id": "ods", "access": [writer, {"special_group": "projectReaders", "role": "READER"}]}
    after = {"dataset_id": "ods", "access": [writer, reader, views]}
    policy = '{"bindings": [{"role": "roles/storage.objectUser", "members": ["user:a@x"]}]}'
    plan = parse_plan(
        change("ods", ["update"], before, after, "google_bigquery_dataset"),
        change("policy", ["create"], None, {"bucket": "b", "policy_data": policy}),
    )
    lines = format_plan(plan)
    assert lines[lines.index("grants") + 1 : -1] == [
        "  - projectReaders: bigquery.dataViewer on dataset ods",
        "  + group:analysts@x: bigquery.dataViewer on dataset ods",
        "  + user:a@x: storage.objectUser on bucket b",
        "  + views of dataset dmt: read on dataset ods",
    ]


def test_a_plan_without_changes_is_one_line():
    assert format_plan(parse_plan(change("same", ["no-op"], {}, {}))) == ["Nothing would be changed."]
    outputs = {"a": {"actions": ["create"]}, "b": {"actions": ["no-op"]}}
    assert format_plan(parse_plan(output_changes=outputs)) == ["outputs: a", "Nothing would be changed."]


@pytest.mark.parametrize("guard", [{"deletion_policy": "PREVENT"}, {"deletion_protection": True}])
def test_protected_data_stops_a_plan_before_it_begins(guard):
    for actions in (["delete"], ["delete", "create"]):
        plan = parse_plan(change("free", ["delete"], {}), change("data", actions, guard, guard))
        with pytest.raises(
            Protected, match=r"prod is protected, .+ destroys 1 .+: data\. Nothing was destroyed"
        ):
            plan.check_protection()
    plan = parse_plan(change("free", ["delete"], {}), change("data", ["update"], guard, guard))
    plan.check_protection()


OLD, NEW = "registry/jobs/x@sha256:aaaa", "registry/jobs/x@sha256:bbbb"


def job(image, name="sheets-sync"):
    template = [{"template": [{"containers": [{"image": image}]}]}]
    return {"project": "p", "location": "r", "name": name, "template": template}


def job_change(actions, before, after, name="sheets-sync"):
    return change(name, actions, job(before, name), job(after, name), "google_cloud_run_v2_job")


def read_live_image(live):
    """Jobs that run `live` whatever the plan is."""
    return lambda name: live if name == "projects/p/locations/r/jobs/sheets-sync" else None


def test_a_plan_from_before_a_delivery_names_job_images_and_remedy():
    plan = parse_plan(job_change(["update"], OLD, OLD))
    with pytest.raises(MovedImage) as caught:
        check_images(plan, read_live_image(NEW))
    assert str(caught.value) == (
        "an image was delivered after this plan was made; nothing was changed\n"
        f"  job sheets-sync runs {NEW}, and the plan sets {OLD}\n"
        "Make a new plan: python -m scripts.deploy plan --env prod"
    )
    check_images(plan, read_live_image(OLD))


def test_a_job_that_is_replaced_would_get_its_first_image():
    plan = parse_plan(job_change(["delete", "create"], NEW, OLD))
    with pytest.raises(
        MovedImage, match=r"set images\.sheets_sync in environments/prod\.tfvars to what runs"
    ):
        check_images(plan, read_live_image(NEW))


@pytest.mark.parametrize("actions", [["create"], ["delete"], ["no-op"]])
def test_a_plan_that_sends_no_image_is_not_compared(actions):
    check_images(parse_plan(job_change(actions, OLD, OLD)), read_live_image(NEW))
    check_images(parse_plan(job_change(["update"], OLD, OLD, "gone")), read_live_image(NEW))


def test_a_plan_of_another_environment_is_rejected():
    with pytest.raises(WrongPlan, match="saved.tfplan is a plan of prod, not of dev"):
        parse_plan().check_env("dev")
    parse_plan().check_env("prod")


def test_an_unknown_time_zone_is_rejected_with_similar_ones():
    variables = {"env": {"value": "prod"}, "schedules": {"value": {"time_zone": "Europe/Brusels"}}}
    with pytest.raises(
        InvalidSetting, match=r"'Europe/Brusels' in environments/prod\.tfvars .+Europe/Brussels"
    ):
        parse_plan(variables=variables).check_time_zone()
    parse_plan().check_time_zone()


def git(folder, *arguments):
    subprocess.run(["git", "-C", folder, *arguments], check=True, capture_output=True)


def test_uncommitted_files_are_not_deployed(tmp_path):
    with pytest.raises(DirtyCheckout, match="is not in a Git repository"):
        check_clean(tmp_path, "prod")
    git(tmp_path, "init", "-q")
    check_clean(tmp_path, "prod")
    (tmp_path / "gha-creds-0.json").touch()  # written by google-github-actions/auth
    check_clean(tmp_path, "prod")
    for name in "abcdefg":
        (tmp_path / name).touch()
    with pytest.raises(DirtyCheckout, match=r"(?s)\?\? a\n.+and 2 more\nCommit them, .+git worktree add"):
        check_clean(tmp_path, "prod")


def test_only_what_is_on_main_is_deployed(tmp_path):
    """As in a clone: main moves on, a branch is begun from it, and is merged."""
    source, clone = tmp_path / "source", tmp_path / "clone"
    source.mkdir()
    git(source, "init", "-q", "-b", "main")
    check_merged(source, "prod")  # without a remote there is nothing to compare with
    commit = (
        "-c",
        "user.name=a",
        "-c",
        "user.email=a@example.com",
        "commit",
        "-q",
        "--allow-empty",
        "-m",
        "x",
    )
    git(source, *commit)
    subprocess.run(["git", "clone", "-q", source, clone], check=True)
    git(source, *commit)
    check_merged(clone, "prod")
    git(clone, "fetch", "-q")
    check_merged(clone, "prod")  # an earlier commit of main
    git(clone, "switch", "-q", "-c", "change")
    git(clone, *commit, "-m", "of the branch")
    with pytest.raises(NotMerged, match=r"prod is deployed from main, .+ nothing was changed\. .+git fetch"):
        check_merged(clone, "prod")
    git(source, "fetch", "-q", str(clone), "change")
    git(source, *commit[:4], "merge", "-q", "--no-ff", "-m", "x", "FETCH_HEAD")
    git(clone, "fetch", "-q")
    check_merged(clone, "prod")


def test_a_missing_lock_file_is_a_warning_with_its_command(tmp_path):
    git(tmp_path, "init", "-q")
    assert "terraform -chdir=environments providers lock" in str(missing_lock_file(tmp_path))
    (tmp_path / ".terraform.lock.hcl").touch()
    git(tmp_path, "add", "-f", ".terraform.lock.hcl")
    assert missing_lock_file(tmp_path) is None


def test_an_environment_is_a_tfvars_file(tmp_path):
    text = 'env        = "dev"\nproject_id = "retail-dev" # a comment\nprotected = false\n'
    (tmp_path / "dev.tfvars").write_text(text)
    (tmp_path / "prod.tfvars").write_text('project_id = "retail-prod"\n')
    environment = Environment.load("dev", tmp_path)
    assert (environment.project, environment.state_bucket) == ("retail-dev", "retail-dev-terraform-state")
    assert environment.quota_variables["GOOGLE_BILLING_PROJECT"] == "retail-dev"
    assert [Environment.load(name, tmp_path).protected for name in ("dev", "prod")] == [False, True]


def test_an_unknown_environment_is_rejected_with_the_existing_ones(tmp_path):
    for name in ("prod", "dev"):
        (tmp_path / f"{name}.tfvars").write_text("")
    with pytest.raises(UnknownEnvironment, match=r"'staging'.+ Existing: dev, prod\."):
        Environment.load("staging", tmp_path)
    with pytest.raises(UnknownEnvironment, match="dev.tfvars names no project"):
        Environment.load("dev", tmp_path)


@pytest.mark.parametrize("answer", ["", "\n", "yes\n", "prod\n"])
def test_only_the_name_of_the_environment_confirms(answer, monkeypatch):
    monkeypatch.setattr("sys.stdin", io.StringIO(answer))
    with pytest.raises(NotConfirmed, match="nothing was changed in dev"):
        confirm(DEV, parse_plan(), typed=None, ask=True)


def test_the_name_or_the_option_yes_confirms(monkeypatch):
    terminal = io.StringIO("dev\n")
    monkeypatch.setattr("sys.stdin", terminal)
    confirm(DEV, parse_plan(), typed=None, ask=False)
    assert terminal.tell() == 0  # with --yes no answer is read
    confirm(DEV, parse_plan(), typed=None, ask=True)
    assert terminal.tell() == len("dev\n")


def test_a_destroying_plan_of_prod_is_confirmed_with_its_number():
    """An alert or a schedule may go, but not by --yes."""
    plan = parse_plan(change("alert", ["delete"], {}), change("schedule", ["delete"], {}))
    for typed in (None, "prod", "prod destroys 1"):
        with pytest.raises(NotConfirmed, match="use --confirm 'prod destroys 2'"):
            confirm(PROD, plan, typed=typed, ask=False)
    confirm(PROD, plan, typed="prod destroys 2", ask=False)


class FakeTerraform(Terraform):
    """Fails with MetricNotReady as often as given; a plan has the given changes."""

    def __init__(self, failures, *plans):
        self.failures = failures
        self.plans = list(plans)
        self.applied = []

    def apply(self, plan):
        self.applied.append(plan)
        if len(self.applied) <= self.failures:
            raise MetricNotReady("not yet")

    def plan(self, path, **options):
        return self.plans.pop(0)


def test_an_apply_waits_for_a_new_metric(tmp_path):
    """Cloud Monitoring: an alert on a new log metric is 404 for up to ten minutes."""
    everything = parse_plan(change("metric", ["create"], None, {}), change("alert", ["create"], None, {}))
    rest = parse_plan(change("alert", ["create"], None, {}))
    terraform, sleeps = FakeTerraform(2, rest, rest), list[float]()
    apply_with_retry(terraform, everything, tmp_path, sleeps.append)
    assert terraform.applied == [everything, rest, rest] and sleeps == [60.0, 60.0]


def test_a_rest_that_was_not_confirmed_is_not_applied(tmp_path):
    terraform = FakeTerraform(1, parse_plan(change("other", ["delete"], {})))
    with pytest.raises(
        ApplyFailed, match=r"a part of the plan was applied.*the rest of the plan has changed"
    ):
        apply_with_retry(
            terraform, parse_plan(change("alert", ["create"], None, {})), tmp_path, lambda _: None
        )
    assert len(terraform.applied) == 1


ERRORS = [StateLocked("locked"), StalePlan("stale"), TerraformFailed("quota"), WrongPlan("cut")]


@pytest.mark.parametrize("error", ERRORS, ids=lambda error: type(error).__name__)
@pytest.mark.parametrize("step", ["first apply", "plan of the rest", "apply of the rest"])
def test_after_a_part_was_applied_no_error_states_that_nothing_was(tmp_path, error, step):
    """A rollout ends a release as one of which nothing was live for every other error."""

    class Failing(FakeTerraform):
        def apply(self, plan):
            super().apply(plan)
            raise error

        def plan(self, path, **options):
            if step == "plan of the rest":
                raise error
            return super().plan(path, **options)

    alert = parse_plan(change("alert", ["create"], None, {}))
    terraform = Failing(0 if step == "first apply" else 1, alert)
    with pytest.raises(DeployError) as raised:
        apply_with_retry(terraform, alert, tmp_path, lambda _: None)
    if step == "first apply":
        assert raised.value is error
    else:
        assert type(raised.value) is ApplyFailed
        assert str(raised.value).startswith(f"a part of the plan was applied, and the rest was not: {error}")


@pytest.mark.filterwarnings("ignore:The 'warn' method is deprecated")  # python_terraform calls it
@pytest.mark.parametrize(
    ("printed", "kind", "text"),
    [
        ("Error: Error acquiring the state lock", StateLocked, "was not applied"),
        ("Error: Saved plan is stale", StalePlan, "was not applied"),
        (f"Error: 404: {METRIC_NOT_READY} = x", MetricNotReady, "the rest of the plan was applied"),
        ("Error: 403: quotaExceeded", ApplyFailed, "a part of the plan may be applied"),
        ("", ApplyFailed, "a part of the plan may be applied"),  # killed
    ],
)
def test_an_apply_that_fails_states_what_was_applied(tmp_path, monkeypatch, printed, kind, text):
    program = tmp_path / "terraform"
    program.write_text(f"#!/bin/sh\necho '{printed}' >&2\nexit 1\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    terraform = Terraform(Environment("dev", "retail-dev", tmp_path, protected=False))
    with pytest.raises(DeployError, match=text) as raised:
        terraform.apply(parse_plan())
    assert type(raised.value) is kind


def commit(folder):
    author = ("-c", "user.name=a", "-c", "user.email=a@example.com")
    git(folder, *author, "commit", "-q", "--allow-empty", "-m", "a")


def test_a_plan_is_applied_only_from_its_commit(tmp_path):
    path, folder = tmp_path / "saved.tfplan", tmp_path / "checkout"
    folder.mkdir()
    git(folder, "init", "-q")
    commit(folder)
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("tfplan", "…")
    check_origin(path, folder, "prod")  # of `terraform plan`, without a mark
    write_origin(path, folder)
    check_origin(path, folder, "prod")
    assert zipfile.ZipFile(path).read("tfplan").decode() == "…"
    commit(folder)
    with pytest.raises(
        WrongPlan, match=r"is a plan of commit \w{40}, and this checkout is \w{40}; nothing was"
    ):
        check_origin(path, folder, "prod")
    (folder / "a").touch()
    write_origin(path, folder)
    check_origin(path, folder, "prod")
    (folder / "a").unlink()  # as by git stash -u
    with pytest.raises(WrongPlan, match=r"is a plan of commit \w{40} \(dirty\)"):
        check_origin(path, folder, "prod")


def test_a_file_that_is_not_a_whole_plan_is_refused(tmp_path):
    path = tmp_path / "saved.tfplan"
    with pytest.raises(
        WrongPlan, match="does not exist; nothing was changed. Make a new one: python -m scripts"
    ):
        check_origin(path, tmp_path, "prod")
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("tfplan", "plan" * 100)
    whole = path.read_bytes()
    for content in (b"", b"{}", whole[:50], whole[:-1]):
        path.write_bytes(content)
        with pytest.raises(
            WrongPlan, match="is not a saved plan, or only a part of one: .*nothing was changed"
        ):
            check_origin(path, tmp_path, "prod")


def test_only_the_error_of_a_new_metric_is_retried():
    metric = f"│ Error: Error creating AlertPolicy: 404: {METRIC_NOT_READY} = ..."
    assert is_only_metric_not_ready(metric)
    assert not is_only_metric_not_ready(f"{metric}\n│ Error: Error creating Budget: 403")
    assert not is_only_metric_not_ready("")


def test_without_terraform_the_error_names_the_download(tree, sandbox):
    result = tree.script("deploy", "plan", "--env", "local", state=sandbox, PATH=str(tree.folder))
    assert result.returncode == 1
    assert "terraform is not on the PATH" in result.stderr and "Traceback" not in result.stderr


@pytest.mark.parametrize("command", ["apply", "destroy"])
def test_prod_is_deployed_from_a_commit(tree, sandbox, command):
    result = tree.script("deploy", command, "--env", "prod", "--yes", state=sandbox)
    assert (result.returncode, result.stdout) == (1, "")
    assert "is not in a Git repository" in result.stderr and "Deploy it from a clone" in result.stderr


def test_the_result_of_a_comparison_is_written_for_other_jobs(tmp_path):
    """One file for the summary of a run, one for its comment; the result is before the lines."""
    files = [tmp_path / "a.md", tmp_path / "b.md"]
    command = ["drift", "--env", "prod", "--json", str(tmp_path / "prod.json")]
    arguments = create_parser().parse_args([*command, *(f"--summary={path}" for path in files)])
    write_results(arguments, PROD, parse_plan(change("a.b", ["create"], None, {"name": "a"})))
    assert files[0].read_text() == files[1].read_text()
    assert files[0].read_text().startswith("## Plan of prod\n\n```\nWould be 1 created.\n\n  + a.b\n")
    result = json.loads((tmp_path / "prod.json").read_text())
    assert result == {"env": "prod", "changes": 1, "summary": files[0].read_text()}


def test_a_wrong_command_is_not_drift(tree, sandbox):
    """Exit code 2 is drift, and would be that of argparse."""
    for arguments in (["drift"], ["drfit", "--env", "dev"], ["drift", "--env", "../dev"]):
        assert tree.script("deploy", *arguments, state=sandbox).returncode == 1


@needs_terraform
def test_without_a_state_bucket_the_error_names_bootstrap(tree, sandbox):
    (tree.folder / "environments/spare.tfvars").write_text('project_id = "sandbox-spare"\n')
    result = tree.script("deploy", "plan", "--env", "spare", state=sandbox)
    assert result.returncode == 1
    assert "sandbox-spare-terraform-state does not exist" in result.stderr
    assert "python -m scripts.bootstrap --env spare" in result.stderr


@needs_terraform
def test_the_error_of_terraform_is_printed(tree, sandbox):
    extra = tree.folder / "environments/broken.tf"
    extra.write_text('module "nowhere" {\n  source = "./nowhere"\n}\n')
    result = tree.script("deploy", "output", "--env", "local", state=sandbox)
    extra.unlink()
    assert result.returncode == 1 and result.stdout == ""
    assert "terraform init failed" in result.stderr and "Unreadable module directory" in result.stderr


def test_bootstrap_creates_a_private_versioned_bucket_and_corrects_it(tree, sandbox):
    address = f"{sandbox.address}/storage/v1/b/sandbox-local-terraform-state"
    requests.delete(address, timeout=10)
    first = tree.script("bootstrap", "--env", "local", state=sandbox)
    assert "gs://sandbox-local-terraform-state was created" in first.stdout, first.stderr
    assert "service-100000000001@gcp-sa-secretmanager.iam.gserviceaccount.com exists" in first.stdout
    assert "scripts.deploy apply --env local" in first.stdout
    assert bucket_settings(address) == ("EU", True, True, "enforced")

    requests.patch(address, json={"versioning": {"enabled": False}}, timeout=10)
    second = tree.script("bootstrap", "--env", "local", state=sandbox)
    assert "exists already" in second.stdout, second.stderr
    assert bucket_settings(address) == ("EU", True, True, "enforced")


def bucket_settings(address):
    bucket = requests.get(address, timeout=10).json()
    access = bucket["iamConfiguration"]
    return (
        bucket["location"],
        bucket["versioning"]["enabled"],
        access["uniformBucketLevelAccess"]["enabled"],
        access["publicAccessPrevention"],
    )
