"""Google's client libraries take their identity from the sandbox's metadata server."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import requests
from requests import Response

from sandbox import environment
from sandbox.state import State

IDENTITY = """
import json, logging, google.auth
from google.auth.transport.requests import Request
warnings = []
handler = logging.Handler(logging.WARNING)
handler.emit = lambda record: warnings.append(record.getMessage())
logging.getLogger().addHandler(handler)
credentials, project = google.auth.default(scopes=["https://www.googleapis.com/auth/cloud-platform"])
credentials.refresh(Request())
credentials.refresh(Request())  # the second request uses the name in the first response
needs_lookup = credentials._is_regional_access_boundary_lookup_required()
print(json.dumps([project, credentials.token, needs_lookup, warnings]))
"""

CLIENTS = """
import os
from google.cloud import bigquery, run_v2, storage
print(storage.Client().project)
client = bigquery.Client()
print([row.a for row in client.query_and_wait("select 1 as a")])
jobs = run_v2.JobsClient(transport="rest", client_options={"api_endpoint": os.environ["RUN_ENDPOINT"]})
print(list(jobs.list_jobs(parent="projects/sandbox-local/locations/us-east1")))  # other tests create no job there
"""


def run(sandbox: State, code: str, tmp_path: Path, **more: Any) -> str:
    """Runs `code` with only the sandbox's environment, and with a user's gcloud login in HOME."""
    login = tmp_path / ".config/gcloud/application_default_credentials.json"
    login.parent.mkdir(parents=True)
    login.write_text(
        json.dumps({"type": "authorized_user", "client_id": "a", "client_secret": "b", "refresh_token": "c"})
    )
    clients = environment.clients(sandbox, sandbox.identity("connector"))
    process = subprocess.run(
        [sys.executable, "-c", code],
        env={"HOME": str(tmp_path), **more, **clients},
        capture_output=True,
        text=True,
    )
    assert process.returncode == 0, process.stderr
    return process.stdout


def test_default_credentials_are_the_identity_of_the_environment(sandbox: State, tmp_path: Path) -> None:
    project, token, needs_lookup, warnings = json.loads(
        run(sandbox, IDENTITY, tmp_path, GOOGLE_APPLICATION_CREDENTIALS="/home/user/key.json")
    )
    assert project == "sandbox-local"
    assert token == "sandbox.connector@sandbox-local.iam.gserviceaccount.com"
    assert not needs_lookup
    assert warnings == []  # google-auth warns when it has to retry the metadata server


def test_clients_accept_these_credentials(sandbox: State, tmp_path: Path) -> None:
    assert run(sandbox, CLIENTS, tmp_path).splitlines() == ["sandbox-local", "[1]", "[]"]


def test_two_identities_have_two_tokens(sandbox: State) -> None:
    tokens = {
        get(sandbox, name, "instance/service-accounts/default/token").json()["access_token"] for name in "ab"
    }
    assert tokens == {"sandbox.a", "sandbox.b"}


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("project/project-id", "sandbox-local"),
        ("project/numeric-project-id", "100000000001"),
        ("instance/service-accounts/default/email", "a"),
        ("instance/service-accounts/a/email", "a"),
    ],
)
def test_values_are_plain_text(sandbox: State, path: str, text: str) -> None:
    response = get(sandbox, "a", path)
    assert (response.text, response.headers["Metadata-Flavor"]) == (text, "Google")


@pytest.mark.parametrize(
    "path", ["instance/service-accounts/b/token", "instance/service-accounts/default/", "instance/zone"]
)
def test_unknown_paths_are_not_found(sandbox: State, path: str) -> None:
    assert get(sandbox, "a", path).status_code == 404


def test_a_request_without_the_header_is_forbidden(sandbox: State) -> None:
    assert get(sandbox, "a", "project/project-id", headers={}).status_code == 403


def get(sandbox: State, identity: str, path: str, headers: dict[str, str] | None = None) -> Response:
    headers = {"Metadata-Flavor": "Google"} if headers is None else headers
    return requests.get(
        f"{sandbox.address}/metadata/{identity}/computeMetadata/v1/{path}", headers=headers, timeout=10
    )
