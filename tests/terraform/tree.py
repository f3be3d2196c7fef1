"""A copy of what Terraform reads, so that nothing is written into the repository."""

import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from sandbox import environment
from tests.terraform.reading import ROOT

READ = ["modules", "environments", "connector/sources", "connector/schemas", "sheets_sync/exports", "scripts"]
TERRAFORM_HOME = {"PATH": os.environ["PATH"], "HOME": os.environ["HOME"], "CHECKPOINT_DISABLE": "1"}


@dataclass(frozen=True)
class Tree:
    folder: Path

    @classmethod
    def grown(cls, folder: Path) -> "Tree":
        for name in READ:
            shutil.copytree(
                ROOT / name, folder / name, ignore=shutil.ignore_patterns(".terraform*", "__pycache__")
            )
        return cls(folder)

    def terraform(self, where, *arguments, **environ):
        """The finished process of `terraform` in a folder of the tree."""
        return subprocess.run(
            ["terraform", *arguments],
            cwd=self.folder / where,
            env=TERRAFORM_HOME | environ,
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )

    def script(self, name, *arguments, state, typed="", **environ):
        """The finished process of `python -m scripts.<name>`, pointed at a sandbox."""
        identity = state.identity("operator")
        return subprocess.run(
            [sys.executable, "-m", f"scripts.{name}", *arguments],
            cwd=self.folder,
            env=environment.clients(state, identity)
            | environment.terraform(state)
            | TERRAFORM_HOME
            | environ,
            input=typed,
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )

    def plan(self, env, state, *arguments):
        """The plan of a workspace that is empty, as JSON, in the sandbox's own project."""
        told = self.terraform(
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
        assert told.returncode == 0, told.stderr
        shown = self.terraform("environments", "show", "-json", f"{self.folder}/{env}.plan")
        return json.loads(shown.stdout)


def why_no_provider(folder):
    """What `terraform init` says where the provider cannot be installed; "" where it can."""
    if shutil.which("terraform") is None:
        return "terraform is not installed"
    shutil.copy(ROOT / "modules/secret/versions.tf", folder)
    told = Tree(folder).terraform(".", "init", "-input=false", "-no-color")
    return " ".join(told.stderr.split())[:300] if told.returncode else ""
