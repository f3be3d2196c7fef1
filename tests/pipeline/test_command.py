"""python -m pipeline as Cloud Run starts it."""

import json
import subprocess
import sys

import pytest

from pipeline.settings import NEEDED


def pipeline(*arguments, environ=None):
    return subprocess.run(
        [sys.executable, "-m", "pipeline", *arguments],
        capture_output=True,
        text=True,
        env={"PATH": "/usr/bin:/bin"} | (environ or {}),
        timeout=60,
    )


def test_all_that_is_missing_is_named_at_once():
    done = pipeline("hourly", environ={"REGION": "europe-west1"})
    line = json.loads(done.stderr)
    missing = ", ".join(name for name in NEEDED if name != "REGION")
    assert (done.returncode, line["severity"]) == (2, "ERROR")
    assert line["message"] == f"missing {missing}. Terraform gives them to the Run Job."


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["weekly"], "invalid choice: 'weekly'"),
        (["hourly", "--from", "connector:products"], "'connector:products' is no step of hourly"),
    ],
)
def test_wrong_arguments_are_refused_before_anything_is_read(arguments, says):
    done = pipeline(*arguments)
    assert done.returncode == 2
    assert says in done.stderr
