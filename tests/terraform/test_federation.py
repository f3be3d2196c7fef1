"""Which runs of GitHub Actions get which identity: the pool's CEL expressions and the grants, for many claims.

Claims of a token: https://docs.github.com/en/actions/reference/security/oidc
"""

import celpy
import pytest
from celpy.adapter import json_to_cel

from tests.terraform.plans import ENVIRONMENTS, only, resources_of

OWN, OTHER = "999999999999", "1296269"
MAIN = "refs/heads/main"
NOTHING, PLAN, BOTH = set[str](), {"delivery-plan"}, {"delivery-plan", "delivery-apply"}


def claims(event, ref=MAIN, environment=None, repository=OWN):
    """Without an environment the token has no such claim."""
    token = {"sub": "repo:acme/retail", "repository_id": repository, "event_name": event, "ref": ref}
    return token if environment is None else token | {"environment": environment}


def evaluate(expression, token):
    environment = celpy.Environment()
    program = environment.program(environment.compile(expression))
    return program.evaluate({"assertion": json_to_cel(token)})


def identities_of(plan, token):
    """The identities that Google would give to a run with these claims."""
    provider = only(plan, "iam_workload_identity_pool_provider")
    if not evaluate(provider["attribute_condition"], token):
        return set()
    mapping = provider["attribute_mapping"]
    attributes = {name: str(evaluate(expression, token)) for name, expression in mapping.items()}
    sets = {f"/{name}/{value}" for name, value in attributes.items()}
    return {
        grant["service_account_id"].rpartition("/")[2].partition("@")[0]
        for grant in resources_of(plan, "service_account_iam_member").values()
        if grant["role"] == "roles/iam.workloadIdentityUser"
        and any(grant["member"].endswith(suffix) for suffix in sets)
    }


@pytest.mark.parametrize("env", ENVIRONMENTS)
@pytest.mark.parametrize("event", ["push", "workflow_dispatch"])
def test_a_job_of_the_environment_on_main_applies(plans, env, event):
    assert identities_of(plans[env], claims(event, environment=env)) == BOTH


# Everything that the issue of such tokens allows besides: for each, the least that differs from a deployment.
PULL_REQUEST = "refs/pull/7/merge"
REFUSED = [
    claims("push"),
    claims("workflow_dispatch"),
    claims("push", environment=""),
    claims("push", environment="staging"),
    claims("push", environment="prod:push"),
    claims("push", environment="PROD"),
    claims("schedule"),
    claims("schedule", environment="prod"),
    claims("merge_group", environment="prod"),
    claims("merge_group", "refs/heads/gh-readonly-queue/main/pr-7"),
    claims("pull_request", PULL_REQUEST),
    claims("pull_request", PULL_REQUEST, "prod"),
    claims("pull_request", MAIN, "prod"),
    claims("pull_request_target"),
    claims("pull_request_target", MAIN, "prod"),
    claims("pull_request_target", MAIN, "dev"),
    claims("issue_comment", MAIN, "prod"),
    claims("issues", MAIN, "prod"),
    claims("workflow_run", MAIN, "prod"),
    claims("repository_dispatch", MAIN, "prod"),
    claims("deployment", MAIN, "prod"),
    claims("release", "refs/tags/v1", "prod"),
    claims("push", "refs/tags/v1", "prod"),
    claims("push", "refs/tags/main", "prod"),
    claims("push", "refs/heads/main2", "prod"),
    claims("push", "refs/heads/x/main", "prod"),
    claims("push", "refs/heads/Main", "prod"),
    claims("push", "refs/heads/feature", "prod"),
    claims("push", "main", "prod"),
    claims("push", "", "prod"),
    claims("", MAIN, "prod"),
    claims("push:refs/heads/main", MAIN, "prod"),
    claims("workflow_dispatch", "refs/heads/feature", "prod"),
]
FOREIGN = [
    claims(event, ref, environment, OTHER)
    for event in ("push", "workflow_dispatch", "pull_request")
    for ref, environment in ((MAIN, "prod"), (MAIN, None), (PULL_REQUEST, None))
]


@pytest.mark.parametrize("token", REFUSED, ids=lambda token: f"{token['event_name']} {token['ref']}")
def test_any_other_run_of_the_repository_only_plans(plans, token):
    assert identities_of(plans["prod"], token) == PLAN


@pytest.mark.parametrize("token", [*FOREIGN, claims("push", environment="prod", repository=f"{OWN}0")])
def test_another_repository_gets_nothing(plans, token):
    assert identities_of(plans["prod"], token) == NOTHING


def test_the_environment_of_one_project_does_not_apply_to_another(plans):
    assert identities_of(plans["prod"], claims("push", environment="dev")) == PLAN
