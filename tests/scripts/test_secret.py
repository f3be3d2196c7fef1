"""scripts.secret as a person runs it: the value on standard input, the version's name as the answer."""

import subprocess
import sys

import pytest
import requests
from google.auth.credentials import AnonymousCredentials
from google.cloud.secretmanager_v1 import SecretManagerServiceClient

from sandbox import environment
from scripts.secret import SecretError, add

PROJECT = "projects/sandbox-local"
VALUE = "s3cret-välue"


@pytest.fixture
def secret(sandbox):
    """A secret without a version, as Terraform leaves it."""
    path = f"{sandbox.address}/secretmanager/v1/{PROJECT}/secrets"
    requests.post(f"{path}?secretId=typed-key", json={"replication": {"automatic": {}}}, timeout=10)
    yield f"{PROJECT}/secrets/typed-key"
    requests.delete(f"{path}/typed-key", timeout=10)


@pytest.fixture
def script(sandbox):
    def run(*arguments, value):
        return subprocess.run(
            [sys.executable, "-m", "scripts.secret", *arguments],
            input=value,
            capture_output=True,
            text=True,
            env=environment.clients(sandbox, sandbox.identity("operator")) | {"PATH": "/usr/bin:/bin"},
            timeout=60,
        )

    return run


@pytest.fixture
def client(sandbox):
    return SecretManagerServiceClient(
        transport="rest",
        client_options={"api_endpoint": f"{sandbox.address}/secretmanager"},
        credentials=AnonymousCredentials(),
    )


def test_a_value_becomes_a_version_and_is_not_shown(script, secret, client):
    done = script("typed-key", value=f"{VALUE}\n")
    assert (done.stdout, done.stderr, done.returncode) == (f"{secret}/versions/1\n", "", 0)
    read = client.access_secret_version(name=f"{secret}/versions/latest")
    assert read.payload.data.decode() == VALUE  # without the line end of `echo`


@pytest.mark.parametrize("value", ["", "\n"])
def test_an_empty_value_is_refused_before_anything_is_sent(script, secret, client, value):
    done = script("typed-key", value=value)
    assert (done.stdout, done.returncode) == ("", 1)
    assert done.stderr == "secret: the value of typed-key is empty; give it on standard input\n"
    assert not list(client.list_secret_versions(parent=secret))


def test_a_secret_that_terraform_has_not_made_is_said_to_be_so(client):
    with pytest.raises(SecretError, match=f"{PROJECT}/secrets/absent does not exist; Terraform makes it"):
        add(client, f"{PROJECT}/secrets/absent", b"value")


def test_another_project_is_asked_for_and_refused(script):
    done = script("typed-key", "--project", "another", value=VALUE)
    assert done.returncode == 1
    assert "Permission denied on resource project another" in done.stderr
    assert VALUE not in done.stderr


def test_a_value_is_no_argument(script):
    done = script("typed-key", VALUE, value="")
    assert (done.stdout, done.returncode) == ("", 2)
