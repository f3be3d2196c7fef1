"""What google-github-actions/auth writes: a file gha-creds-*.json in the checkout, and variables for later steps.

https://github.com/google-github-actions/auth: the file names no secret; it names where a token of the run is had and
exchanged. Here both are a sandbox of the project that the service account belongs to. A token's claims are those of
https://docs.github.com/en/actions/reference/security/oidc; `environment` is that of the job in the workflow.
"""

import json
import os
import secrets
from pathlib import Path
from urllib.parse import urlencode

import yaml


def main() -> None:
    provider, account = os.environ["PROVIDER"], os.environ["ACCOUNT"]
    project = account.partition("@")[2].partition(".")[0]
    endpoints: dict[str, str] = json.loads(Path(os.environ["STORY_PROJECTS"], f"{project}.json").read_text())
    path = Path(os.environ["GITHUB_WORKSPACE"], f"gha-creds-{secrets.token_hex(8)}.json")
    path.write_text(json.dumps(credentials(endpoints["STORAGE_EMULATOR_HOST"], provider, account)))
    variables = endpoints | {
        name: str(path)
        for name in (
            "GOOGLE_APPLICATION_CREDENTIALS",
            "CLOUDSDK_AUTH_CREDENTIAL_FILE_OVERRIDE",
            "GOOGLE_GHA_CREDS_PATH",
        )
    }
    with Path(os.environ["GITHUB_ENV"]).open("a") as file:
        file.writelines(f"{name}={value}\n" for name, value in variables.items())


def credentials(address: str, provider: str, account: str) -> dict[str, object]:
    token = {"audience": f"https://iam.googleapis.com/{provider}", **claims()}
    return {
        "type": "external_account",
        "audience": f"//iam.googleapis.com/{provider}",
        "subject_token_type": "urn:ietf:params:oauth:token-type:jwt",
        "token_url": f"{address}/sts/v1/token",
        "service_account_impersonation_url": (
            f"{address}/iamcredentials/v1/projects/-/serviceAccounts/{account}:generateAccessToken"
        ),
        "credential_source": {
            "url": f"{address}/oidc/token?{urlencode(token)}",
            "format": {"type": "json", "subject_token_field_name": "value"},
        },
    }


def claims() -> dict[str, str]:
    """Of this job's token; one without an environment has no such claim."""
    names = {"repository_id": "GITHUB_REPOSITORY_ID", "event_name": "GITHUB_EVENT_NAME", "ref": "GITHUB_REF"}
    token = {claim: os.environ[name] for claim, name in names.items()}
    environment = job().get("environment")
    return {"sub": "repo:acme/retail", **token} | ({"environment": environment} if environment else {})


def job() -> dict[str, str]:
    for path in Path(".github/workflows").glob("*.yml"):
        workflow = yaml.safe_load(path.read_text())
        if workflow["name"] == os.environ["GITHUB_WORKFLOW"]:
            declared: dict[str, str] = workflow["jobs"][os.environ["GITHUB_JOB"]]
            return declared
    raise LookupError(os.environ["GITHUB_WORKFLOW"])


if __name__ == "__main__":
    main()
