"""After the pull request: merge, plan, apply of exactly that plan in another checkout, release, run; then bad SQL.

The tests run in order, on the projects of test_pull_request. `make story`: it takes several minutes.
"""

import hashlib
import re
from typing import Any

import pytest

from scripts.delivery.images import JOBS
from tests.delivery_story.change import DOUBLED, MODEL
from tests.delivery_story.environments import Environment
from tests.delivery_story.repository import Repository
from tests.delivery_story.runner import Run, Runner, digest_of
from tests.scenario import Scenario
from tests.terraform.tree import Tree

pytestmark = [pytest.mark.timeout(900), pytest.mark.story]

NEXT_DAY = "2017-01-04T00:00:00Z"  # at the shop
LONGEST_ROLLBACK_SECONDS = 60
REVENUE = "select sum(revenue) as revenue from dmt.daily_sales"
EXPECTED = "select 2 * sum(item_amount) as revenue from dmt.sales_items"


@pytest.fixture(scope="module")
def merged(repository: Repository, runner: Runner, proposed: str) -> Run:
    """The commit of the pull request is that of main."""
    repository.push("main")
    return deliver(repository, runner, proposed)


def deliver(repository: Repository, runner: Runner, commit: str) -> Run:
    checkout = repository.clone(runner.root / f"main-{commit}")
    return runner.run(checkout, "deploy", "push", {"ref": "refs/heads/main", "after": commit})


def test_a_merge_is_delivered_to_dev_and_prod(merged: Run) -> None:
    """The job `rollback` is skipped, so it has no result."""
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
    Scenario(dev.state).set_clock(NEXT_DAY)
    Scenario(dev.state).copy("customers", "products", "sales")
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
    assert failed.results() == {"dev": "failure"} and failed.code != 0
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
    dev.run_daily()
    assert len(dev.daily_sales()) > len(before["rows"])
    [doubled], [expected] = dev.cloud.rows(REVENUE), dev.cloud.rows(EXPECTED)
    assert doubled["revenue"] == expected["revenue"]
