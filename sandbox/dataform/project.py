"""A temporary project folder for the CLI, with the settings that the hosted service would apply."""

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

# Field of CodeCompilationConfig → key of workflow_settings.yaml.
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
    """Reported as a compilation error of workflow_settings.yaml, as the hosted service does."""


def core_version() -> str:
    return str(json.loads((CORE / "package.json").read_text())["version"])


def scratch_folder(state: State) -> Path:
    return state.root / "dataform" / "scratch"


@contextmanager
def create_project(state: State, files: Mapping[str, bytes], result: Json) -> Iterator[Path]:
    """The files, with @dataform/core and the configuration of `result`, a CompilationResult.

    The folder is removed at the end.
    """
    check_core(files)
    parent = scratch_folder(state)
    parent.mkdir(parents=True, exist_ok=True)
    # Below the root, so that the next start can remove what a killed sandbox left: see fail_interrupted.
    with tempfile.TemporaryDirectory(dir=parent) as name:
        folder = Path(name)
        for path, contents in files.items():
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / path).write_bytes(contents)
        settings = apply_config(files[SETTINGS].decode(), result.get("codeCompilationConfig", {}))
        (folder / SETTINGS).write_text(yaml.safe_dump(settings))
        package = {"dependencies": {"@dataform/core": core_version()}}
        (folder / "package.json").write_text(json.dumps(package))
        # Copied, because the CLI ignores a symbolic link.
        shutil.copytree(CORE, folder / "node_modules" / "@dataform" / "core")
        credentials = {"projectId": state.project, "location": settings.get("defaultLocation", "US")}
        (folder / ".df-credentials.json").write_text(json.dumps(credentials))
        yield folder


def check_core(files: Mapping[str, bytes]) -> None:
    """The hosted service installs the version in the settings; the sandbox has only the pinned one."""
    if SETTINGS not in files:
        raise ProjectError(f"{SETTINGS} is missing at the root of the repository")
    if "package.json" in files:
        raise ProjectError("package.json is not supported: the sandbox installs no packages")
    match = re.search(rb"^dataformCoreVersion:\s*[\"']?([^\"'\s#]+)", files[SETTINGS], re.MULTILINE)
    version = match[1].decode() if match else "missing"
    if version != core_version():
        raise ProjectError(
            f"dataformCoreVersion is {version}; the sandbox has @dataform/core {core_version()}"
        )


def apply_config(text: str, config: Json) -> Json:
    """The settings, overridden by a CodeCompilationConfig.

    Without dataformCoreVersion: with it the CLI would run npm for every compilation.
    """
    try:
        settings = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise ProjectError(f"{SETTINGS} is not valid YAML: {error}") from error
    if not isinstance(settings, dict):
        raise ProjectError(f"{SETTINGS} is not a mapping")
    del settings["dataformCoreVersion"]
    settings |= {SETTING_OF[field]: value for field, value in config.items() if field in SETTING_OF}
    if "vars" in config:
        settings["vars"] = (settings.get("vars") or {}) | config["vars"]
    return settings
