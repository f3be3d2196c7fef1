"""A pull request, through the files of .github/workflows: what it would change, in resources, grants and rows."""

from pathlib import Path

import pytest

from tests.delivery_story.repository import Repository
from tests.delivery_story.runner import Run, Runner
from tests.fakes.github_api import BOT, FakeGitHub

pytestmark = pytest.mark.timeout(900)


@pytest.fixture(scope="module")
def checks(repository: Repository, runner: Runner, proposed: str) -> Run:
    source = {"repo": {"full_name": "acme/retail"}, "sha": proposed, "ref": "change"}
    payload = {"number": 1, "pull_request": {"number": 1, "head": source, "base": {"ref": "main"}}}
    checkout = repository.clone(runner.root / "pull-request", "change")
    return runner.run(checkout, "checks", "pull_request", payload)


def test_all_checks_succeed(checks: Run) -> None:
    """`done` reads the results of the others, of which the matrix of plans is one."""
    jobs = ("check", "test", "images", "plan", "rehearse", "comment", "done")
    assert checks.results() == dict.fromkeys(jobs, "success"), checks.errors()
    assert checks.code == 0


def test_the_plan_names_resources_and_grants(checks: Run) -> None:
    text = checks.text("plan")
    assert "dev, project retail-platform-dev:" in text and "prod, project retail-platform-prod:" in text
    assert "+ group:analysts@example.com: " in text
    assert 'thresholds["cost"]  (conditions.condition_threshold.threshold_value: ' in text and " → 7" in text


def test_the_rehearsal_names_rows(checks: Run) -> None:
    text = checks.text("rehearse")
    assert "written again:" in text and "dmt.daily_sales: +" in text


def test_each_environment_has_one_comment(checks: Run, github: FakeGitHub, proposed: str) -> None:
    """That of dev has the plan and the rehearsal, that of prod the plan; people's comments are as they were."""
    dev, prod = sorted(each["body"] for each in github.comments if each["user"] == BOT)
    assert len(github.comments) == 5
    for env, body in (("dev", dev), ("prod", prod)):
        assert f"# {env}\n\nWhat commit {proposed} would change" in body
        assert f"## Plan of {env}\n\n```\nWould be " in body and "Not available" not in body
    assert "+ group:analysts@example.com: " in dev
    assert "## Rehearsal on dev\n\n```\nRows of " in dev and "dmt.daily_sales: +" in dev
    assert " → 7" in prod and "Rehearsal" not in prod


@pytest.fixture(scope="module")
def drifted(checks: Run, repository: Repository, runner: Runner) -> Run:
    """The code of the pull request is not applied yet, so both environments differ from it."""
    return compare(runner, repository.clone(runner.root / "drift", "change"))


def compare(runner: Runner, checkout: Path) -> Run:
    return runner.run(checkout, "drift", "workflow_dispatch", {})


def test_drift_opens_an_issue_of_each_environment(drifted: Run, github: FakeGitHub) -> None:
    assert drifted.results() == {"drift": "failure", "issue": "success"}, drifted.errors()
    issues = {each["title"].split()[0]: each for each in github.issues[1:]}
    assert issues.keys() == {"dev", "prod"} and {each["state"] for each in issues.values()} == {"open"}
    assert "+ group:analysts@example.com: " in issues["dev"]["body"]


@pytest.mark.story
def test_issues_are_closed_when_the_drift_is_gone(
    drifted: Run, github: FakeGitHub, repository: Repository, runner: Runner
) -> None:
    gone = compare(runner, repository.clone(runner.root / "no-drift", "main"))
    assert gone.results() == {"drift": "success", "issue": "success"}, gone.errors()
    assert [each["state"] for each in github.issues[1:]] == ["closed", "closed"]
