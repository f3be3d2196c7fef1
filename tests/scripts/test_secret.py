"""scripts.secret as a command: the value on standard input, the name of the version as output."""

import subprocess
import sys

import pytest
import requests
from google.auth.credentials import AnonymousCredentials
from google.cloud.secretmanager_v1 import SecretManagerServiceClient

from sandbox import environment
from scripts.secret import SecretError, add_version

PROJECT = "projects/sandbox-local"
VALUE = "s3cret-välue"


@pytest.fixture
def secret(sandbox):
    """A secret without a version, as Terraform creates it."""
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


def test_a_value_becomes_a_version_and_is_not_printed(script, secret, client):
    result = script("typed-key", value=f"{VALUE}\n")
    assert (result.stdout, result.stderr, result.returncode) == (f"{secret}/versions/1\n", "", 0)
    version = client.access_secret_version(name=f"{secret}/versions/latest")
    assert version.payload.data.decode() == VALUE  # without the line end of `echo`


@pytest.mark.parametrize("value", ["", "\n"])
def test_an_empty_value_is_rejected_before_a_request(script, secret, client, value):
    result = script("typed-key", value=value)
    assert (result.stdout, result.returncode) == ("", 1)
    assert result.stderr == "secret: the value of typed-key is empty; pass it on standard input\n"
    assert not list(client.list_secret_versions(parent=secret))


def test_a_missing_secret_is_named_with_the_remedy(client):
    with pytest.raises(SecretError, match=f"{PROJECT}/secrets/absent does not exist; Terraform creates it"):
        add_version(client, f"{PROJECT}/secrets/absent", b"value")


def test_the_option_for_the_project_is_used(script):
    result = script("typed-key", "--project", "another", value=VALUE)
    assert result.returncode == 1
    assert "Permission denied on resource project another" in result.stderr
    assert VALUE not in result.stderr


def test_a_value_is_not_an_argument(script):
    result = script("typed-key", VALUE, value="")
    assert (result.stdout, result.returncode) == ("", 2)
