"""Terraform's gcs backend, the real one, on the sandbox's Cloud Storage."""

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest
import requests

from sandbox import environment

# Nothing of Google's is declared here, so no provider is needed: only Terraform and its gcs backend.
ROOT_MODULE = """
terraform {
  backend "gcs" { prefix = "states" }
}
variable "value" { type = string }
resource "terraform_data" "state" {
  input = var.value
  provisioner "local-exec" { command = "cat ${path.module}/gate" }
}
"""


class Terraform:
    def __init__(self, state, folder):
        self.folder = folder
        self.variables = os.environ | environment.terraform(state) | {"TF_IN_AUTOMATION": "1"}
        (folder / "main.tf").write_text(ROOT_MODULE)
        os.mkfifo(folder / "gate")

    def run(self, *arguments):
        return subprocess.run(
            ["terraform", *arguments],
            cwd=self.folder,
            env=self.variables,
            capture_output=True,
            text=True,
            timeout=120,
        )

    def begin(self, *arguments):
        return subprocess.Popen(
            ["terraform", *arguments], cwd=self.folder, env=self.variables, stdout=subprocess.DEVNULL
        )


@pytest.mark.skipif(not shutil.which("terraform"), reason="terraform is not installed")
def test_the_bucket_keeps_and_locks_terraforms_state(sandbox, tmp_path):
    requests.post(
        f"{sandbox.address}/storage/v1/b?project=sandbox-local", json={"name": "tf-state"}, timeout=10
    )
    terraform = Terraform(sandbox, tmp_path)
    assert terraform.run("init", "-backend-config=bucket=tf-state", "-input=false").returncode == 0
    assert terraform.run("workspace", "new", "one").returncode == 0
    holder = terraform.begin("apply", "-auto-approve", "-input=false", "-var=value=17")
    with (tmp_path / "gate").open("w") as gate:  # opens once the apply, which holds the lock, reads
        refused = terraform.run("apply", "-auto-approve", "-input=false", "-var=value=18")
        gate.write("go on")
    assert holder.wait(60) == 0
    assert refused.returncode != 0 and "Error acquiring the state lock" in refused.stderr
    assert terraform.run("plan", "-input=false", "-var=value=17", "-detailed-exitcode").returncode == 0
    assert "one" in terraform.run("workspace", "list").stdout
    objects = requests.get(f"{sandbox.address}/storage/v1/b/tf-state/o", timeout=10).json()["items"]
    # Each workspace has its state; the lock is given back.
    assert [item["name"] for item in objects] == ["states/default.tfstate", "states/one.tfstate"]
    state = json.loads((Path(sandbox.root) / "storage/tf-state/states/one.tfstate").read_text())
    assert state["resources"][0]["instances"][0]["attributes"]["output"]["value"] == "17"
