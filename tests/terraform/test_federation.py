"""Which runs of GitHub Actions get which identity, for many claims.

The pool, its provider and the grants are those of the plan, created in the sandbox; each run has a token of the issuer,
and google-auth exchanges it as in a workflow. Claims of a token:
https://docs.github.com/en/actions/reference/security/oidc
"""

from contextlib import ExitStack
from dataclasses import dataclass

import pytest
import requests
from google.auth import identity_pool
from google.auth.exceptions import OAuthError, RefreshError
from google.auth.transport.requests import Request

from sandbox.process import running
from sandbox.state import PROJECT_NUMBER
from tests.terraform.plans import ENVIRONMENTS, only, resources_of

OWN, OTHER = "999999999999", "1296269"
MAIN = "refs/heads/main"
NOTHING, PLAN = set[str](), {"delivery-plan"}
REHEARSE = PLAN | {"delivery-rehearse"}
ALL = REHEARSE | {"delivery-apply"}
POOLS = f"projects/{PROJECT_NUMBER}/locations/global/workloadIdentityPools"


def claims(event, ref=MAIN, environment=None, repository=OWN, **other):
    """Without an environment the token has no such claim."""
    token = {"sub": "repo:acme/retail", "repository_id": repository, "event_name": event, "ref": ref} | other
    return token if environment is None else token | {"environment": environment}


@dataclass(frozen=True)
class Project:
    """A sandbox with the pool, the provider and the identities of one environment; `identities` trust the pool."""

    address: str
    project: str
    pool: str
    identities: frozenset[str]

    @property
    def audience(self):
        return f"//iam.googleapis.com/{POOLS}/{self.pool}/providers/github"

    def credentials(self, token, identity=None, audience=None):
        query = requests.models.PreparedRequest()
        query.prepare_url(
            f"{self.address}/oidc/token", {"audience": f"https:{audience or self.audience}", **token}
        )
        account = f"{identity}@{self.project}.iam.gserviceaccount.com"
        impersonated = (
            f"{self.address}/iamcredentials/v1/projects/-/serviceAccounts/{account}:generateAccessToken"
        )
        return identity_pool.Credentials(
            audience=self.audience,
            subject_token_type="urn:ietf:params:oauth:token-type:jwt",
            token_url=f"{self.address}/sts/v1/token",
            credential_source={
                "url": query.url,
                "format": {"type": "json", "subject_token_field_name": "value"},
            },
            service_account_impersonation_url=impersonated if identity else None,
            scopes=["https://www.googleapis.com/auth/cloud-platform"],
        )

    def identities_of(self, token):
        """Those whose access token a run with these claims gets."""
        granted = set()
        for identity in self.identities:
            credentials = self.credentials(token, identity)
            try:
                credentials.refresh(Request())
            except (OAuthError, RefreshError):
                continue
            assert credentials.token == f"sandbox.{identity}@{self.project}.iam.gserviceaccount.com"
            granted.add(identity)
        return granted

    def refusal(self, token, identity="delivery-apply", audience=None):
        with pytest.raises((OAuthError, RefreshError)) as raised:
            self.credentials(token, identity, audience).refresh(Request())
        return str(raised.value)


def create(state, plan):
    """What the plan has of modules/delivery, by the APIs."""
    iam = f"{state.address}/iam/v1/projects/{state.project}"

    def post(path, body, **query):
        answer = requests.post(f"{iam}/{path}", json=body, params=query, timeout=30)
        assert answer.ok, answer.text

    pool = only(plan, "iam_workload_identity_pool")["workload_identity_pool_id"]
    provider = only(plan, "iam_workload_identity_pool_provider")
    post("locations/global/workloadIdentityPools", {}, workloadIdentityPoolId=pool)
    body = {
        "attributeCondition": provider["attribute_condition"],
        "attributeMapping": provider["attribute_mapping"],
        "oidc": {"issuerUri": provider["oidc"][0]["issuer_uri"]},
    }
    path = f"locations/global/workloadIdentityPools/{pool}/providers"
    post(path, body, workloadIdentityPoolProviderId="github")
    accounts = resources_of(plan, "service_account").values()
    for account in accounts:
        post("serviceAccounts", {"accountId": account["account_id"], "serviceAccount": {}})
    for identity, members in federated(plan).items():
        bindings = [{"role": "roles/iam.workloadIdentityUser", "members": members}]
        account = f"{identity}@{state.project}.iam.gserviceaccount.com"
        post(f"serviceAccounts/{account}:setIamPolicy", {"policy": {"bindings": bindings}})
    return Project(state.address, state.project, pool, frozenset(federated(plan)))


def federated(plan):
    """Members with roles/iam.workloadIdentityUser by identity, in the sandbox's project."""
    members: dict[str, list[str]] = {}
    for grant in resources_of(plan, "service_account_iam_member").values():
        if grant["role"] == "roles/iam.workloadIdentityUser":
            identity = grant["service_account_id"].rpartition("/")[2].partition("@")[0]
            suffix = grant["member"].partition("/workloadIdentityPools/")[2]
            members.setdefault(identity, []).append(f"principalSet://iam.googleapis.com/{POOLS}/{suffix}")
    return members


@pytest.fixture(scope="module")
def projects(plans, tmp_path_factory):
    """By environment, each in a sandbox of its own, created when it is first read."""
    with ExitStack() as stack:

        class Projects(dict[str, Project]):
            def __missing__(self, env):
                state = stack.enter_context(running(tmp_path_factory.mktemp(f"federation-{env}")))
                self[env] = create(state, plans[env])
                return self[env]

        yield Projects()


@pytest.mark.parametrize("env", ENVIRONMENTS)
@pytest.mark.parametrize("event", ["push", "workflow_dispatch"])
def test_a_job_of_the_environment_on_main_applies(projects, env, event):
    assert projects[env].identities_of(claims(event, environment=env)) == ALL


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


def runs_code_of_main(token):
    return token["event_name"] in ("push", "workflow_dispatch") and token["ref"] == MAIN


@pytest.mark.parametrize("token", REFUSED, ids=lambda token: f"{token['event_name']} {token['ref']}")
def test_any_other_run_of_the_repository_does_not_apply(projects, token):
    """It plans, and only with code of main it rehearses: its SQL reads the data of prod."""
    assert projects["prod"].identities_of(token) == (REHEARSE if runs_code_of_main(token) else PLAN)


@pytest.mark.parametrize("token", REFUSED, ids=lambda token: f"{token['event_name']} {token['ref']}")
def test_where_data_is_not_protected_every_branch_rehearses(projects, token):
    expected = ALL if token in (claims("push", environment="dev"),) else REHEARSE
    assert projects["dev"].identities_of(token) == expected


@pytest.mark.parametrize("token", [*FOREIGN, claims("push", environment="prod", repository=f"{OWN}0")])
def test_another_repository_gets_nothing(projects, token):
    assert projects["prod"].identities_of(token) == NOTHING


OTHER_CLAIMS: list[dict[str, str]] = [
    {"sub": "repository_id:999999999999:environment:prod"},  # customized by the repository's owner
    {"sub": "repo:acme/retail:pull_request"},
    {"job_workflow_ref": "other/shared/.github/workflows/deploy.yml@refs/tags/v1"},  # a reusable workflow
    {"ref_type": "tag", "base_ref": "main", "head_ref": "feature", "actor": "mallory"},
]


@pytest.mark.parametrize("other", OTHER_CLAIMS, ids=lambda other: next(iter(other)))
def test_only_repository_environment_event_and_ref_decide(projects, other):
    """Any other claim neither adds nor removes an identity."""
    assert projects["prod"].identities_of(claims("push", environment="prod", **other)) == ALL
    assert projects["prod"].identities_of(claims("pull_request", PULL_REQUEST, **other)) == PLAN
    assert (
        projects["prod"].identities_of(claims("push", environment="prod", repository=OTHER, **other))
        == NOTHING
    )


def test_the_environment_of_one_project_does_not_apply_to_another(projects):
    assert projects["prod"].identities_of(claims("push", environment="dev")) == REHEARSE


WITHOUT_A_NAME = [
    claims("push", environment="prod", repository="1", repository_name="acme/retail"),
    claims("push", environment="prod", repository="1", sub="repo:acme/retail:environment:prod"),
    {name: value for name, value in claims("push", environment="prod").items() if name != "repository_id"},
]


@pytest.mark.parametrize("token", WITHOUT_A_NAME, ids=["reused name", "reused subject", "no repository"])
def test_a_name_that_another_owner_took_over_is_nothing(projects, token):
    assert projects["prod"].identities_of(token) == NOTHING


@pytest.mark.parametrize("missing", ["sub", "event_name", "ref"])
def test_a_token_without_a_claim_of_the_mapping_is_rejected(projects, missing):
    token = {name: value for name, value in claims("push", environment="prod").items() if name != missing}
    message = projects["prod"].refusal(token)
    assert "unauthorized_client" in message and "must be of type STRING" in message


def test_each_refusal_has_googles_reason(projects):
    prod = projects["prod"]
    token = claims("push", environment="prod")
    assert "rejected by the attribute condition" in prod.refusal(token | {"repository_id": OTHER})
    assert "iam.serviceAccounts.getAccessToken" in prod.refusal(claims("pull_request"))
    assert "issuer" in prod.refusal(token | {"iss": "https://gitlab.com"})
    assert "audience" in prod.refusal(token, audience="//iam.googleapis.com/projects/1/x")
    assert "getAccessToken" in prod.refusal(token, identity="connector")


def test_a_token_of_the_pool_has_no_rights_of_its_own(projects):
    """Only what it is exchanged for; and a token that no issuer signed is refused."""
    prod = projects["prod"]
    credentials = prod.credentials(claims("push", environment="prod"))
    credentials.refresh(Request())
    bearer = {"Authorization": f"Bearer {credentials.token}"}
    jobs = f"{prod.address}/run/v2/projects/{prod.project}/locations/europe-west1/jobs"
    answer = requests.get(jobs, headers=bearer, timeout=30)
    assert answer.status_code == 403
    body = {
        "grant_type": "urn:ietf:params:oauth:grant-type:token-exchange",
        "requested_token_type": "urn:ietf:params:oauth:token-type:access_token",
        "subject_token_type": "urn:ietf:params:oauth:token-type:jwt",
        "scope": "https://www.googleapis.com/auth/cloud-platform",
        "audience": prod.audience,
        "subject_token": "eyJhbGciOiJub25lIn0.eyJzdWIiOiJhIn0.",
    }
    forged = requests.post(f"{prod.address}/sts/v1/token", data=body, timeout=30)
    assert (forged.status_code, forged.json()["error"]) == (400, "invalid_grant")
