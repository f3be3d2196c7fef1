"""A copy of the files that Terraform and scripts/ read, so that nothing is written into the repository."""

import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from sandbox import environment
from tests.terraform.hcl_files import ROOT

COPIED = (
    "connector",
    "dataform",
    "environments",
    "modules",
    "runtime",
    "scripts",
    "sheets_sync",
)
# The number of the repository in these tests; dev.tfvars and prod.tfvars leave it to their owner.
DELIVERY = 'delivery = { repository_id = "999999999999" }\n'
TERRAFORM_HOME = {"PATH": os.environ["PATH"], "HOME": os.environ["HOME"], "CHECKPOINT_DISABLE": "1"}


@dataclass(frozen=True)
class Tree:
    folder: Path

    @classmethod
    def copy(cls, folder: Path) -> "Tree":
        for name in COPIED:
            ignored = shutil.ignore_patterns(".terraform*", "__pycache__", "node_modules")
            shutil.copytree(ROOT / name, folder / name, ignore=ignored)
        for env in ("dev", "prod"):
            with (folder / f"environments/{env}.tfvars").open("a") as tfvars:
                tfvars.write(DELIVERY)
        return cls(folder)

    def terraform(self, where, *arguments, **environ):
        """The finished process of `terraform` in a folder of the tree."""
        return self._run(["terraform", *arguments], self.folder / where, environ)

    def script(self, name, *arguments, state, typed="", **environ):
        """The finished process of `python -m scripts.<name>`, with the endpoints of a sandbox."""
        clients = environment.clients(state, state.identity("operator"))
        command = [sys.executable, "-m", f"scripts.{name}", *arguments]
        variables = clients | environment.terraform(state) | TERRAFORM_HOME | environ
        return self._run(command, self.folder, variables, typed)

    def plan(self, env, state, *arguments):
        """The plan of an empty workspace, as JSON, in the project of the sandbox."""
        result = self.terraform(
            "environments",
            "plan",
            "-input=false",
            "-no-color",
            "-lock=false",
            f"-var-file={env}.tfvars",
            f"-var=project_id={state.project}",
            f"-out={self.folder}/{env}.plan",
            *arguments,
            TF_WORKSPACE=env,
            **environment.terraform(state),
        )
        assert result.returncode == 0, result.stderr
        return json.loads(self.terraform("environments", "show", "-json", f"{self.folder}/{env}.plan").stdout)

    def _run(self, command, folder, environ, typed=""):
        return subprocess.run(
            command,
            cwd=folder,
            env=TERRAFORM_HOME | environ,
            input=typed,
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )


def why_no_provider(folder):
    """The error of `terraform init` if the provider cannot be installed; "" if it can."""
    if shutil.which("terraform") is None:
        return "terraform is not installed"
    shutil.copy(ROOT / "modules/secret/versions.tf", folder)
    result = Tree(folder).terraform(".", "init", "-input=false", "-no-color")
    return " ".join(result.stderr.split())[:300] if result.returncode else ""
