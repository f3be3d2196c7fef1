"""A pull request, through the files of .github/workflows: what it would change, in resources, grants and rows."""

import pytest

from tests.delivery_story.repository import Repository
from tests.delivery_story.runner import Run, Runner

pytestmark = pytest.mark.timeout(900)


@pytest.fixture(scope="module")
def checks(repository: Repository, runner: Runner, proposed: str) -> Run:
    source = {"repo": {"full_name": "acme/retail"}, "sha": proposed, "ref": "change"}
    payload = {"number": 1, "pull_request": {"number": 1, "head": source, "base": {"ref": "main"}}}
    checkout = repository.clone(runner.root / "pull-request", "change")
    return runner.run(checkout, "checks", "pull_request", payload)


def test_all_checks_succeed(checks: Run) -> None:
    """`done` reads the results of the others, of which the matrix of plans is one."""
    jobs = ("check", "test", "images", "plan", "rehearse", "done")
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
