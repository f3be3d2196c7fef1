"""The command as Cloud Run starts it, and what it is told by its environment."""

import json
import os
import re
import subprocess
import sys

import pytest

from connector import sources
from connector.errors import SettingsError
from connector.rotation.__main__ import GRACE_SECONDS
from connector.rotation.settings import Settings
from sandbox import environment
from tests.terraform.hcl_files import ROOT

SETTINGS = ("PROJECT_ID", "ROTATION_SUBSCRIPTION")
GOOD = {"PROJECT_ID": "p", "ROTATION_SUBSCRIPTION": "projects/p/subscriptions/s"}


def run(*arguments, variables):
    """The exit code and what was said, line by line."""
    ambient = {name: value for name, value in os.environ.items() if name not in SETTINGS}
    command = [sys.executable, "-m", "connector.rotation", *arguments]
    done = subprocess.run(
        command, env=ambient | variables, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.stdout == ""
    return done.returncode, [json.loads(line) for line in done.stderr.splitlines()]


def test_a_leaked_key_is_changed_by_the_command(sandbox, vault):
    """The retail secret itself, as whoever types the command; the grants of the job are Terraform's."""
    vault.call(
        "POST", f"secretmanager/v1/projects/{sandbox.project}/secrets?secretId=retail-api-key", AUTOMATIC
    )
    vault.name = f"projects/{sandbox.project}/secrets/retail-api-key"
    vault.add(vault.first)
    variables = environment.clients(sandbox, sandbox.identity("developer")) | {
        "PROJECT_ID": sandbox.project,
        "ROTATION_SUBSCRIPTION": vault.subscription,
    }
    code, lines = run("--secret", "retail-api-key", "--grace_seconds", "0", variables=variables)
    assert code == 0, lines
    assert vault.states() == {1: "DISABLED", 2: "ENABLED"}
    assert vault.opens(vault.latest()) and not vault.opens(vault.first)
    code, lines = run(variables=variables)
    assert (code, [line["message"] for line in lines]) == (
        0,
        ["no secret is due", "retail-api-key is 0.0 days old"],
    )
    vault.secrets.delete_secret(name=vault.name)
    code, lines = run(variables=variables)
    assert code == 1
    assert lines[-1]["message"].startswith("1 of the steps above failed; the first: could not list")


AUTOMATIC = {"replication": {"automatic": {}}}


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        ([], "missing PROJECT_ID, ROTATION_SUBSCRIPTION."),
        (["--secret", "wifi"], "no source declares how to rotate 'wifi'. Declared are: retail-api-key."),
        (["--grace_seconds", "-1"], "--grace_seconds is at least 0, not -1."),
    ],
)
def test_a_mistake_is_one_line_and_an_exit_code(arguments, why):
    code, [line] = run(*arguments, variables={})
    assert code == 2
    assert line["severity"] == "ERROR" and line["message"].startswith(why)


@pytest.mark.parametrize("name", GOOD)
def test_an_empty_variable_is_missing(name):
    with pytest.raises(SettingsError, match=f"missing {name}\\."):
        Settings.read(GOOD | {name: ""}, {})


def test_a_short_name_of_the_subscription_is_refused():
    with pytest.raises(SettingsError, match="'due', not projects/<project>/subscriptions/<name>"):
        Settings.read(GOOD | {"ROTATION_SUBSCRIPTION": "due"}, {})


def test_addresses_are_the_declared_ones_unless_the_environment_says_otherwise():
    declared = {"retail": sources.read("retail")}
    assert Settings.read(GOOD, declared).urls == {"retail": declared["retail"].url}
    other = Settings.read(GOOD | {"RETAIL_URL": "https://x.example/"}, declared)
    assert other.urls == {"retail": "https://x.example"}
    assert (other.pubsub, other.secret_manager) == (
        "https://pubsub.googleapis.com",
        "https://secretmanager.googleapis.com",
    )


def test_an_old_key_outlives_every_run_that_began_with_it():
    """A task of the connector ends within its timeout; Google may give out an older version for hours."""
    text = (ROOT / "environments/main.tf").read_text()
    [connector] = re.findall(r'^module "connector" \{(.*?)^\}', text, re.MULTILINE | re.DOTALL)
    [timeout] = re.findall(r"timeout_seconds += (\d+)", connector)
    assert int(timeout) + 6 * 3600 <= GRACE_SECONDS
