"""The command as Cloud Run starts it: arguments, environment, exit codes."""

import json
import os
import re
import subprocess
import sys
from typing import Any

import pytest

from connector.key_rotation.__main__ import GRACE_SECONDS
from connector.key_rotation.settings import read_settings
from connector.sources import registry
from connector.sources.rest.config import RestSource
from runtime.errors import SettingsError
from sandbox import environment
from tests.terraform.hcl_files import ROOT

SETTINGS = ("PROJECT_ID", "ROTATION_SUBSCRIPTION")
GOOD = {"PROJECT_ID": "p", "ROTATION_SUBSCRIPTION": "projects/p/subscriptions/s"}


def run(*arguments, variables):
    """The exit code and the lines of the log."""
    ambient = {name: value for name, value in os.environ.items() if name not in SETTINGS}
    command = [sys.executable, "-m", "connector.key_rotation", *arguments]
    process = subprocess.run(
        command, env=ambient | variables, capture_output=True, text=True, timeout=60, check=False
    )
    assert process.stdout == ""
    return process.returncode, [json.loads(line) for line in process.stderr.splitlines()]


def test_the_command_rotates_a_leaked_key(sandbox, secret):
    """The retail secret, with the permissions of a developer; the job's own grants are in Terraform."""
    secret.call_sandbox(
        "POST", f"secretmanager/v1/projects/{sandbox.project}/secrets?secretId=retail-api-key", AUTOMATIC
    )
    secret.name = f"projects/{sandbox.project}/secrets/retail-api-key"
    secret.add_version(secret.first)
    variables = environment.clients(sandbox, sandbox.identity("developer")) | {
        "PROJECT_ID": sandbox.project,
        "ROTATION_SUBSCRIPTION": secret.subscription,
    }
    code, lines = run("--secret", "retail-api-key", "--grace-seconds", "0", variables=variables)
    assert code == 0, lines
    assert secret.states() == {1: "DISABLED", 2: "ENABLED"}
    assert secret.is_accepted(secret.latest()) and not secret.is_accepted(secret.first)
    code, lines = run(variables=variables)
    assert (code, [line["message"] for line in lines]) == (
        0,
        ["no secret is due", "retail-api-key is 0.0 days old"],
    )
    secret.secrets.delete_secret(name=secret.name)
    code, lines = run(variables=variables)
    assert code == 1
    assert lines[-1]["message"].startswith("1 of the steps above failed; the first: could not list")


AUTOMATIC: dict[str, Any] = {"replication": {"automatic": {}}}


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "missing environment variables: PROJECT_ID, ROTATION_SUBSCRIPTION."),
        (["--secret", "wifi"], "no source declares a rotation of 'wifi'; declared: retail-api-key."),
        (["--grace-seconds", "-1"], "invalid --grace-seconds -1: expected at least 0."),
    ],
)
def test_a_usage_error_is_one_line_and_an_exit_code(arguments, message):
    code, [line] = run(*arguments, variables={})
    assert code == 2
    assert line["severity"] == "ERROR" and line["message"].startswith(message)


@pytest.mark.parametrize("name", GOOD)
def test_an_empty_variable_is_missing(name):
    with pytest.raises(SettingsError, match=f"variables: {name}\\."):
        read_settings(GOOD | {name: ""}, {})


def test_a_short_name_of_the_subscription_is_rejected():
    with pytest.raises(SettingsError, match="'due': expected projects/<project>/subscriptions/<name>"):
        read_settings(GOOD | {"ROTATION_SUBSCRIPTION": "due"}, {})


def test_the_environment_overrides_the_declared_addresses():
    retail = registry.read_source("retail")
    assert isinstance(retail, RestSource)
    declared = {"retail": retail}
    assert read_settings(GOOD, declared).urls == {"retail": retail.url}
    other = read_settings(GOOD | {"RETAIL_URL": "https://x.example/"}, declared)
    assert other.urls == {"retail": "https://x.example"}
    assert (other.pubsub, other.secret_manager) == (
        "https://pubsub.googleapis.com",
        "https://secretmanager.googleapis.com",
    )


def test_an_old_key_outlives_every_run_that_started_with_it():
    """A connector task ends within its timeout; Secret Manager may serve an older version for hours."""
    text = (ROOT / "environments/main.tf").read_text()
    [connector] = re.findall(r'^module "connector" \{(.*?)^\}', text, re.MULTILINE | re.DOTALL)
    [timeout] = re.findall(r"timeout_seconds += (\d+)", connector)
    assert int(timeout) + 6 * 3600 <= GRACE_SECONDS
