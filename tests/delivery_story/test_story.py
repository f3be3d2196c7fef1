"""The story of a delivery, through the files of .github/workflows.

A pull request with what it would change, in resources, grants and rows; merge; apply of exactly that plan in another
checkout, release, run; then bad SQL, which is rolled back. One file, so that its tests share two sandboxes and run in
this order also with several workers.
"""

import hashlib
import re
from pathlib import Path
from typing import Any

import pytest

from scripts.delivery.images import JOBS
from tests.delivery_story.change import DOUBLED, MODEL
from tests.delivery_story.environments import NEXT_DAY, Environment
from tests.delivery_story.repository import Repository
from tests.delivery_story.runner import Run, Runner, digest_of
from tests.fakes.github_api import BOT, FakeGitHub
from tests.terraform.tree import Tree

pytestmark = pytest.mark.timeout(1800)  # seconds on a machine with other work

LONGEST_ROLLBACK_SECONDS = 60
REVENUE = "select sum(revenue) as revenue from dmt.daily_sales"
EXPECTED = "select 2 * sum(item_amount) as revenue from dmt.sales_items"


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


@pytest.fixture(scope="module")
def merged(repository: Repository, runner: Runner, proposed: str) -> Run:
    """The commit of the pull request is that of main."""
    repository.push("main")
    return deliver(repository, runner, proposed)


def deliver(repository: Repository, runner: Runner, commit: str) -> Run:
    checkout = repository.clone(runner.root / f"main-{commit}")
    return runner.run(checkout, "deploy", "push", {"ref": "refs/heads/main", "after": commit})


def test_a_merge_is_delivered_to_dev_and_prod(merged: Run) -> None:
    """The jobs that roll back are skipped, so they have no result."""
    assert merged.results() == dict.fromkeys(("dev", "plan", "rehearse", "prod"), "success"), merged.errors()
    assert merged.code == 0


def test_prod_applied_exactly_the_plan_of_the_other_job(
    merged: Run, environments: dict[str, Environment]
) -> None:
    [plan] = merged.artifacts.rglob("prod.tfplan")
    rows = environments["prod"].cloud.rows("select distinct plan from ops.releases where plan is not null")
    assert [row["plan"] for row in rows] == [hashlib.sha256(plan.read_bytes()).hexdigest()]
    checkouts = {job: merged.checkout(job) for job in ("plan", "prod")}
    assert checkouts["plan"] != checkouts["prod"]


def test_every_job_has_the_image_of_the_commit(
    merged: Run, repository: Repository, environments: dict[str, Environment]
) -> None:
    expected = {job: digest_of(repository.folder, package) for package, jobs in JOBS.items() for job in jobs}
    for each in environments.values():
        assert {job: image.partition("@")[2] for job, image in each.images().items()} == expected


def test_what_runs_is_attested(merged: Run, environments: dict[str, Environment]) -> None:
    for env, each in environments.items():
        lines = (merged.artifacts / f"attested/{env}.txt").read_text().splitlines()
        attested = {f"{name}@sha256:{digest}" for digest, name in (line.split("  ") for line in lines)}
        assert attested == set(each.images().values())


def test_the_next_run_is_of_the_new_code_and_watches_it(
    merged: Run, environments: dict[str, Environment]
) -> None:
    """The job runs the files of its image, Dataform the released ones."""
    prod = environments["prod"]
    assert prod.releases()[-1] == ("rollout", "watching")
    assert "dataform" in " ".join(prod.run_daily()).lower()
    assert re.search(r"connector:retail/sales succeeded after \S+ seconds", prod.log("pipeline"))
    assert prod.releases()[-1][0] == "rollout" and prod.releases()[-1][1] in ("watching", "accepted")
    [doubled], [expected] = prod.cloud.rows(REVENUE), prod.cloud.rows(EXPECTED)
    assert doubled["revenue"] == expected["revenue"] > 0


def test_a_plan_that_was_applied_changes_nothing_again(
    merged: Run, runner: Runner, environments: dict[str, Environment]
) -> None:
    """By a person, with the plan of the run: the release ends as failed, and nothing of it was live."""
    prod, [plan] = environments["prod"], merged.artifacts.rglob("prod.tfplan")
    before, [checkout] = look(prod), runner.root.glob("main-*")
    Tree(checkout).script("deploy", "output", "--env", "prod", state=prod.state)  # initializes Terraform
    refused = Tree(checkout).script("rollout", "--env", "prod", "--plan", str(plan), state=prod.state)
    assert refused.returncode == 1 and "plan again" in refused.stderr, refused.stderr
    assert prod.releases()[-1] == ("rollout", "failed") and look(prod) == before


@pytest.fixture(scope="module")
def before(merged: Run, environments: dict[str, Environment]) -> dict[str, Any]:
    """dev, with a day of sales that is loaded and not computed: the first run of the next release computes it."""
    dev = environments["dev"]
    dev.shop.set_clock(NEXT_DAY)
    dev.shop.copy("sales")
    return look(dev)


def look(each: Environment) -> dict[str, Any]:
    return {"rows": each.daily_sales(), "images": each.images(), "commit": each.live_commit()}


@pytest.fixture(scope="module")
def failed(before: dict[str, Any], repository: Repository, runner: Runner) -> Run:
    """It compiles, and fails in its first run."""
    repository.replace(MODEL, DOUBLED, "cast(1 / 0 as numeric)")
    return deliver(repository, runner, repository.commit("main", "divide by zero"))


def test_bad_sql_is_rolled_back_and_does_not_reach_prod(
    failed: Run, before: dict[str, Any], environments: dict[str, Environment]
) -> None:
    assert failed.results() == {"dev": "failure", "rollback-dev": "success"} and failed.code != 0
    assert "every release has ended; nothing to do" in failed.text("rollback-dev")
    assert "was rolled back: code, images and tables are as before it" in failed.text("dev")
    assert look(environments["dev"]) == before
    assert environments["dev"].releases()[-2:] == [("rollout", "rolled back"), ("rollback", "accepted")]


def test_code_and_data_are_back_within_a_minute_of_the_failure(failed: Run) -> None:
    [failure], [end] = failed.moments("dev", "rolling back"), failed.moments("dev", "was rolled back: ")
    assert (end - failure).total_seconds() <= LONGEST_ROLLBACK_SECONDS


def test_the_next_run_continues_with_the_code_before(
    failed: Run, before: dict[str, Any], environments: dict[str, Environment]
) -> None:
    dev = environments["dev"]
    dev.shop.transform()
    assert len(dev.daily_sales()) > len(before["rows"])
    [doubled], [expected] = dev.cloud.rows(REVENUE), dev.cloud.rows(EXPECTED)
    assert doubled["revenue"] == expected["revenue"]
