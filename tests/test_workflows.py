"""Rules of the workflows in .github: what GitHub enforces only there is asserted on the files."""

import importlib
import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[1]
FILES = sorted((ROOT / ".github/workflows").glob("*.yml"))
SETUP = ROOT / ".github/actions/setup/action.yml"
WORKFLOWS = {path.stem: yaml.safe_load(path.read_text()) for path in FILES}
JOBS = [(name, job) for name, workflow in WORKFLOWS.items() for job in workflow["jobs"]]
# A step is one command that also runs on a person's machine.
MAKE = re.compile(r'make ([a-z-]+|"\$TARGET")')
PYTHON = re.compile(r"(?:\.venv/bin/python|python3) -m (scripts\.\w+)( [^|&;<>`]*)?")
PINNED = re.compile(r"uses: (?:\./|[\w.-]+/[\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$)")
# The only conditions; each is explained beside it.
PULL_REQUEST = "github.event.pull_request.head.repo.full_name == github.repository"
CONDITIONS = {
    "always()",
    # After a failed job, too; not of a run that a newer commit replaced.
    "!cancelled()",
    f"${{{{ !cancelled() && github.event_name == 'pull_request' && {PULL_REQUEST} }}}}",
    "always() && needs.dev.result != 'success' && needs.dev.result != 'skipped'",
    "always() && needs.prod.result != 'success' && needs.prod.result != 'skipped'",
    f"github.event_name == 'merge_group' || {PULL_REQUEST}",
}
# Of a step: what a failed command wrote is kept too; not every plan of GitHub has attestations.
STEP_CONDITIONS = {"!cancelled()": "actions/upload-artifact", "vars.ATTEST != 'false'": "actions/attest"}
# What a job's token may write, beside an identity at Google. No other job's may.
WRITES = {
    ("checks", "comment"): {"pull-requests"},
    ("deploy", "dev"): {"attestations"},
    ("deploy", "prod"): {"attestations"},
    ("drift", "issue"): {"issues"},
    ("nightly", "pins"): {"contents", "pull-requests"},
}


def triggers(workflow):
    """PyYAML reads YAML 1.1, where a bare `on` is the key true."""
    return set(workflow[True])


def steps():
    for name, job in JOBS:
        yield from ((f"{name}.{job}", step) for step in WORKFLOWS[name]["jobs"][job]["steps"])
    yield from (("setup", step) for step in yaml.safe_load(SETUP.read_text())["runs"]["steps"])


COMMANDS = [(place, step["run"]) for place, step in steps() if "run" in step]


def test_the_workflows_are_those_that_are_documented():
    assert set(WORKFLOWS) == {"checks", "deploy", "drift", "nightly", "rollback"}


@pytest.mark.parametrize("name", WORKFLOWS)
def test_a_workflow_begins_without_permissions_and_with_pipefail(name):
    workflow = WORKFLOWS[name]
    assert workflow["permissions"] == {}
    assert workflow["defaults"] == {"run": {"shell": "bash"}}
    assert "pull_request_target" not in triggers(workflow) and "workflow_run" not in triggers(workflow)


@pytest.mark.parametrize(("name", "job"), JOBS, ids=str)
def test_a_job_has_name_limit_and_no_more_permissions_than_it_needs(name, job):
    declared = WORKFLOWS[name]["jobs"][job]
    assert declared["name"] and 0 < declared["timeout-minutes"] <= 120
    uses_google = any("google-github-actions/auth" in step.get("uses", "") for step in declared["steps"])
    expected = {"contents": "read"} | ({"id-token": "write"} if uses_google else {})
    expected |= dict.fromkeys(WRITES.get((name, job), ()), "write")
    assert declared["permissions"] == expected
    assert declared.get("if") in CONDITIONS | {None}
    checkouts = [step for step in declared["steps"] if "actions/checkout" in step.get("uses", "")]
    assert [step["with"]["persist-credentials"] for step in checkouts] == [False]
    assert not any("continue-on-error" in step for step in declared["steps"])
    for step in declared["steps"]:
        assert "if" not in step or step["uses"].startswith(STEP_CONDITIONS[step["if"]] + "@")


def test_the_token_is_only_where_its_command_is():
    """And never in a job with an identity at Google, except where an action signs."""
    holders = {place for place, step in steps() if "github.token" in json.dumps(step)}
    assert holders == {"checks.comment", "drift.issue", "nightly.pins"}
    for place, step in steps():
        assert ("github.token" in json.dumps(step)) == ("scripts.github " in step.get("run", "")), place
    assert "secrets." not in "".join(path.read_text() for path in FILES)


def test_new_pins_are_resolved_where_the_token_cannot_write():
    """Resolving can run code of a package; the versions are as old as those of Dependabot."""
    jobs = WORKFLOWS["nightly"]["jobs"]
    assert ("nightly", "lock") not in WRITES and jobs["pins"]["needs"] == ["lock"]
    [lock] = [step for step in jobs["lock"]["steps"] if "run" in step]
    assert lock == {"run": "make lock", "env": {"UV_EXCLUDE_NEWER": "7 days"}}
    assert "make" not in " ".join(step.get("run", "") for step in jobs["pins"]["steps"])


def test_what_runs_is_attested_before_it_is_rolled_out():
    for job in ("dev", "prod"):
        steps_of_job = WORKFLOWS["deploy"]["jobs"][job]["steps"]
        texts = [json.dumps(step) for step in steps_of_job]
        places = [
            next(index for index, text in enumerate(texts) if part in text)
            for part in ("scripts.images", "actions/attest@", "scripts.rollout")
        ]
        assert places == sorted(places)
        attested = steps_of_job[places[1]]["with"]["subject-checksums"]
        assert attested == "${{ runner.temp }}/images.txt" and "images.txt" in texts[places[0]]


def test_what_a_job_reads_from_another_is_what_that_one_wrote():
    for name, writer, reader in (("checks", "plan", "comment"), ("drift", "drift", "issue")):
        jobs = WORKFLOWS[name]["jobs"]
        [upload] = [step["with"] for step in jobs[writer]["steps"] if "upload" in step.get("uses", "")]
        [download] = [step["with"] for step in jobs[reader]["steps"] if "download" in step.get("uses", "")]
        assert upload["name"].startswith(download["pattern"].rstrip("*"))
        assert writer in jobs[reader]["needs"] and "!cancelled()" in jobs[reader]["if"]


@pytest.mark.parametrize("path", [*FILES, SETUP], ids=lambda path: path.stem)
def test_actions_are_pinned_by_commit(path):
    lines = [line.strip().removeprefix("- ") for line in path.read_text().splitlines()]
    uses = [line for line in lines if line.startswith("uses:")]
    assert uses and [line for line in uses if not PINNED.match(line)] == []


@pytest.mark.parametrize(("place", "command"), COMMANDS, ids=str)
def test_a_step_is_one_make_target_or_one_python_command(place, command):
    if match := MAKE.fullmatch(command.strip()):
        targets = re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE)
        assert match[1] == '"$TARGET"' or match[1] in targets
        return
    match = PYTHON.fullmatch(command.strip())
    assert match, command
    if match[1] != "scripts.check_results":
        parser = importlib.import_module(f"{match[1]}.__main__").create_parser()
        arguments = re.sub(r'"([^"]*)"', lambda quoted: quoted[1].replace(" ", "_"), match[2] or "").split()
        values = {"$SCOPE": "all", "$NUMBER": "1"}
        parser.parse_args([values.get(word, word) for word in arguments])


def test_targets_of_the_matrix_exist():
    targets = WORKFLOWS["nightly"]["jobs"]["nightly"]["strategy"]["matrix"]["target"]
    makefile = (ROOT / "Makefile").read_text()
    assert targets and set(targets) <= set(re.findall(r"^([a-z-]+):", makefile, re.MULTILINE))
    assert set(re.findall(r"^([a-z-]+):.*## .*\bnightly\b", makefile, re.MULTILINE)) <= set(targets)


@pytest.mark.parametrize("failing", ["checkov", "jobs", "zizmor"])
def test_new_pins_are_those_of_every_file_or_none(tmp_path, failing):
    """A file that cannot be resolved ends `make lock`: its old pins beside new ones would be proposed as checked."""
    shutil.copy(ROOT / "Makefile", tmp_path)
    shutil.copytree(ROOT / "requirements", tmp_path / "requirements")
    programs = tmp_path / ".venv/bin"
    programs.mkdir(parents=True)
    (programs / "uv").write_text(f'#!/bin/sh\ncase "$*" in *requirements/{failing}.in*) exit 1;; esac\n')
    (programs / "uv").chmod(0o755)
    for marker in (".python", ".packages"):
        (tmp_path / ".venv" / marker).touch()
    ended = subprocess.run(["make", "lock"], cwd=tmp_path, capture_output=True, check=False)
    assert ended.returncode != 0


def test_every_test_is_in_one_part_of_the_checks():
    """Split by file: the tests of one share what its fixtures provide."""
    parts = WORKFLOWS["checks"]["jobs"]["test"]["strategy"]["matrix"]["include"]
    listed = [name for part in parts for name in part["tests"].split()]
    files = [path.relative_to(ROOT).as_posix() for path in (ROOT / "tests").rglob("test_*.py")]
    times = {path: sum(path == name or path.startswith(f"{name}/") for name in listed) for path in files}
    assert len(files) > 200 and {path: count for path, count in times.items() if count != 1} == {}
    assert [name for name in listed if not (ROOT / name).exists()] == []


def test_no_expression_is_inside_a_command():
    """A title of a pull request would be executed: values arrive as environment variables."""
    assert [place for place, command in COMMANDS if "${{" in command] == []


def test_deployments_wait_and_only_checks_are_cancelled():
    concurrency = {name: workflow["concurrency"] for name, workflow in WORKFLOWS.items()}
    assert {name for name, value in concurrency.items() if value["cancel-in-progress"]} == {"checks"}
    assert concurrency["deploy"]["group"] == concurrency["rollback"]["group"] == "deploy"
    assert triggers(WORKFLOWS["deploy"]) == {"push", "workflow_dispatch"}  # what delivery-apply accepts
    assert WORKFLOWS["deploy"][True]["push"] == {"branches": ["main"]}
    assert triggers(WORKFLOWS["rollback"]) == {"workflow_dispatch"}


def test_who_applies_names_the_environment_whose_reviewers_approve():
    for name, job in JOBS:
        declared = WORKFLOWS[name]["jobs"][job]
        applies = "APPLY_IDENTITY" in json.dumps(declared)
        assert applies == ("environment" in declared), f"{name}.{job}"
    jobs = WORKFLOWS["deploy"]["jobs"]
    assert {job: declared.get("environment") for job, declared in jobs.items()} == {
        "dev": "dev",
        "rollback-dev": "dev",
        "plan": None,
        "rehearse": None,
        "prod": "prod",
        "rollback": "prod",
    }


def test_prod_applies_the_plan_that_was_shown():
    jobs = WORKFLOWS["deploy"]["jobs"]
    assert [jobs[job].get("needs") for job in jobs] == [
        None,
        ["dev"],
        ["dev"],
        ["dev"],
        ["plan", "rehearse"],
        ["prod"],
    ]
    [upload] = [step["with"] for step in jobs["plan"]["steps"] if "upload" in step.get("uses", "")]
    [download] = [step["with"] for step in jobs["prod"]["steps"] if "download" in step.get("uses", "")]
    assert upload["name"] == download["name"] and upload["retention-days"] == 1
    commands = " ".join(step.get("run", "") for step in jobs["prod"]["steps"])
    assert '--plan "$RUNNER_TEMP/prod.tfplan"' in commands and "scripts.deploy" not in commands


@pytest.mark.parametrize(("job", "after"), [("rollback-dev", "dev"), ("rollback", "prod")])
def test_a_release_is_rolled_back_also_when_its_job_was_cancelled_or_timed_out(job, after):
    """Both results are not `failure`, and a job that was skipped began nothing."""
    declared = WORKFLOWS["deploy"]["jobs"][job]
    assert declared["needs"] == [after] and declared["environment"] == after.split("-")[0]
    result = f"needs.{after}.result"
    assert declared["if"] == f"always() && {result} != 'success' && {result} != 'skipped'"
    assert f"scripts.rollback --env {after} --if-unfinished --wait" in declared["steps"][-1]["run"]


def test_a_rehearsal_shows_its_rows_and_reads_them_as_an_identity_of_its_own():
    """That of prod before its approval; a pull request never rehearses on prod, whose data it could print."""
    for name, env in (("checks", "dev"), ("deploy", "prod")):
        job = WORKFLOWS[name]["jobs"]["rehearse"]
        [command] = [step["run"] for step in job["steps"] if "run" in step]
        assert f'scripts.rehearse --env {env} --wait --summary "$GITHUB_STEP_SUMMARY"' in command
        [auth] = [step["with"] for step in job["steps"] if "google-github-actions" in step.get("uses", "")]
        assert auth["service_account"] == f"${{{{ vars.{env.upper()}_REHEARSE_IDENTITY }}}}"
    assert "prod" not in json.dumps(WORKFLOWS["checks"]["jobs"]["rehearse"]).lower()


def test_one_job_needs_all_others():
    jobs = WORKFLOWS["checks"]["jobs"]
    assert set(jobs["done"]["needs"]) == jobs.keys() - {"done"} and jobs["done"]["if"] == "always()"


@pytest.mark.parametrize(
    ("results", "code"),
    [
        ({"check": "success", "plan": "success"}, 0),
        ({"check": "success", "plan": "skipped"}, 0),
        ({"check": "success", "rehearse": "skipped"}, 0),
        ({"check": "success", "comment": "skipped"}, 0),
        ({"check": "success", "comment": "failure"}, 1),
        ({"check": "success", "rehearse": "failure"}, 1),
        ({"check": "skipped", "plan": "success"}, 1),
        ({"check": "cancelled"}, 1),
        ({"check": "failure", "plan": "success"}, 1),
        ({}, 1),
    ],
)
def test_the_last_check_fails_unless_all_succeeded(results, code):
    needs = json.dumps({name: {"result": result} for name, result in results.items()})
    command = [sys.executable, "-m", "scripts.check_results"]
    ended = subprocess.run(command, env={"NEEDS": needs}, cwd=ROOT, capture_output=True, check=False)
    assert ended.returncode == code


def test_every_ecosystem_is_updated():
    updates = yaml.safe_load((ROOT / ".github/dependabot.yml").read_text())["updates"]
    assert {update["package-ecosystem"] for update in updates} == {
        "docker",
        "github-actions",
        "npm",
        "terraform",
    }  # and packages of Python by nightly.yml
    assert all(update["cooldown"]["default-days"] >= 7 for update in updates)
    owners = (ROOT / ".github/CODEOWNERS").read_text()
    for folder in re.findall(r"^(/\S+)/", owners, re.MULTILINE):
        assert (ROOT / folder.strip("/")).is_dir(), folder
