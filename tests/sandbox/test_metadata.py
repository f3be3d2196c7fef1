"""Google's own clients find out who they run as, from the sandbox alone."""

import json
import subprocess
import sys

import pytest
import requests

from sandbox import environment

WHO = """
import json, logging, google.auth
from google.auth.transport.requests import Request
said = []
listener = logging.Handler(logging.WARNING)
listener.emit = lambda record: said.append(record.getMessage())
logging.getLogger().addHandler(listener)
credentials, project = google.auth.default(scopes=["https://www.googleapis.com/auth/cloud-platform"])
credentials.refresh(Request())
credentials.refresh(Request())  # the second time google-auth asks under the name it learnt
asks_google = credentials._is_regional_access_boundary_lookup_required()
print(json.dumps([project, credentials.token, asks_google, said]))
"""

CLIENTS = """
import os
from google.cloud import bigquery, run_v2, storage
print(storage.Client().project)
client = bigquery.Client()
print([row.a for row in client.query_and_wait("select 1 as a")])
jobs = run_v2.JobsClient(transport="rest", client_options={"api_endpoint": os.environ["RUN_ENDPOINT"]})
print(list(jobs.list_jobs(parent="projects/sandbox-local/locations/europe-west1")))
"""


def run(sandbox, code, tmp_path, **more):
    """A process that has nothing but the environment of the sandbox, and a person's own login nearby."""
    login = tmp_path / ".config/gcloud/application_default_credentials.json"
    login.parent.mkdir(parents=True)
    login.write_text(
        json.dumps({"type": "authorized_user", "client_id": "a", "client_secret": "b", "refresh_token": "c"})
    )
    clients = environment.clients(sandbox, sandbox.identity("connector"))
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={"HOME": str(tmp_path), **more, **clients},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_default_credentials_are_the_identity_of_the_environment(sandbox, tmp_path):
    project, token, asks_google, said = json.loads(
        run(sandbox, WHO, tmp_path, GOOGLE_APPLICATION_CREDENTIALS="/of/a/person.json")
    )
    assert project == "sandbox-local"
    assert token == "sandbox.connector@sandbox-local.iam.gserviceaccount.com"
    assert not asks_google
    assert said == []  # google-auth warns when the metadata server must be asked again


def test_clients_accept_these_credentials(sandbox, tmp_path):
    assert run(sandbox, CLIENTS, tmp_path).splitlines() == ["sandbox-local", "[1]", "[]"]


def test_two_identities_have_two_tokens(sandbox):
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
def test_leaves_are_text(sandbox, path, text):
    answer = get(sandbox, "a", path)
    assert (answer.text, answer.headers["Metadata-Flavor"]) == (text, "Google")


@pytest.mark.parametrize(
    "path", ["instance/service-accounts/b/token", "instance/service-accounts/default/", "instance/zone"]
)
def test_what_is_not_there_is_not_found(sandbox, path):
    assert get(sandbox, "a", path).status_code == 404


def test_without_the_header_nothing_is_told(sandbox):
    assert get(sandbox, "a", "project/project-id", headers={}).status_code == 403


def get(sandbox, identity, path, headers=None):
    headers = {"Metadata-Flavor": "Google"} if headers is None else headers
    return requests.get(
        f"{sandbox.address}/metadata/{identity}/computeMetadata/v1/{path}", headers=headers, timeout=10
    )
