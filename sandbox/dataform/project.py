"""A scratch folder in which the CLI finds a project as the hosted service would lay it out."""

import json
import re
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import yaml

from sandbox.resources.store import Json
from sandbox.state import State

NODE_MODULES = Path(__file__).parents[1] / "node_modules"
CORE = NODE_MODULES / "@dataform" / "core"
SETTINGS = "workflow_settings.yaml"

# workflow_settings.yaml's word for each field of CodeCompilationConfig.
SETTING_OF = {
    "defaultDatabase": "defaultProject",
    "defaultSchema": "defaultDataset",
    "defaultLocation": "defaultLocation",
    "assertionSchema": "defaultAssertionDataset",
    "databaseSuffix": "projectSuffix",
    "schemaSuffix": "datasetSuffix",
    "tablePrefix": "namePrefix",
    "builtinAssertionNamePrefix": "builtinAssertionNamePrefix",
}


class ProjectError(Exception):
    """What the hosted service reports as a compilation error of workflow_settings.yaml."""


def core_version() -> str:
    return str(json.loads((CORE / "package.json").read_text())["version"])


def scratch(state: State) -> Path:
    return state.root / "dataform" / "scratch"


@contextmanager
def laid_out(state: State, files: Mapping[str, bytes], result: Json) -> Iterator[Path]:
    """The files as `result` (a CompilationResult) configures them, with core; removed at the end."""
    check_core(files)
    parent = scratch(state)
    parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=parent) as name:
        folder = Path(name)
        for path, contents in files.items():
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / path).write_bytes(contents)
        settings = configured(files[SETTINGS].decode(), result.get("codeCompilationConfig", {}))
        (folder / SETTINGS).write_text(yaml.safe_dump(settings))
        package = {"dependencies": {"@dataform/core": core_version()}}
        (folder / "package.json").write_text(json.dumps(package))
        # A real folder: the CLI does not see a symbolic link.
        shutil.copytree(CORE, folder / "node_modules" / "@dataform" / "core")
        credentials = {"projectId": state.project, "location": settings.get("defaultLocation", "US")}
        (folder / ".df-credentials.json").write_text(json.dumps(credentials))
        yield folder


def check_core(files: Mapping[str, bytes]) -> None:
    """The hosted service installs the version that the settings name; here there is only the pinned one."""
    if SETTINGS not in files:
        raise ProjectError(f"{SETTINGS} is missing at the root of the repository")
    if "package.json" in files:
        raise ProjectError("package.json names packages, and the sandbox installs none")
    found = re.search(rb"^dataformCoreVersion:\s*[\"']?([^\"'\s#]+)", files[SETTINGS], re.MULTILINE)
    wanted = found[1].decode() if found else "none"
    if wanted != core_version():
        raise ProjectError(
            f"dataformCoreVersion is {wanted}; the sandbox has @dataform/core {core_version()}"
        )


def configured(text: str, config: Json) -> Json:
    """The settings as a CodeCompilationConfig overrides them, without the version: it is installed."""
    try:
        settings = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise ProjectError(f"{SETTINGS} is no YAML: {error}") from error
    if not isinstance(settings, dict):
        raise ProjectError(f"{SETTINGS} is no mapping")
    del settings["dataformCoreVersion"]
    settings |= {SETTING_OF[field]: value for field, value in config.items() if field in SETTING_OF}
    if "vars" in config:
        settings["vars"] = (settings.get("vars") or {}) | config["vars"]
    return settings
