"""Spreadsheets of the project: one for each declared export, and one for each source of kind sheet.

Terraform sets the ids of the spreadsheets that environments/local.tfvars lists. For a declaration that is not
listed there, the demo creates a spreadsheet, shares it, and adds its id to the Run job, as a person would.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from demo.cloud import Cloud
from demo.commands import REPOSITORY

CREATED_FILE = "spreadsheets.json"  # variable -> id, in the project's folder


@dataclass(frozen=True)
class Declaration:
    """`job` reads or writes the spreadsheet whose id is in `variable`, and needs `role` on it."""

    name: str
    variable: str
    job: str
    role: str


def read_declarations(repository: Path = REPOSITORY) -> list[Declaration]:
    """A file that is not valid YAML is skipped: the job that reads it reports the error."""
    exports = [
        Declaration(each, spreadsheet_variable(each), "sheets-sync", "writer")
        for name, content in read_yaml_files(repository / "sheets_sync" / "exports")
        # An export to another kind of destination, such as a file, has no spreadsheet.
        if content.get("destination", {"kind": "sheets"}).get("kind") == "sheets"
        for each in export_names(name, content)
    ]
    sources = [
        Declaration(name, spreadsheet_variable(name), "connector", "reader")
        for name, content in read_yaml_files(repository / "connector" / "sources")
        if content.get("kind") == "sheet"
    ]
    return exports + sources


def export_names(name: str, content: dict[str, Any]) -> list[str]:
    """An export with segments is one for each of them, with a spreadsheet of its own."""
    segments = content.get("segments", {}).get("values", {})
    return [f"{name}_{segment}" for segment in segments] or [name]


def listed_spreadsheets(repository: Path = REPOSITORY) -> list[str]:
    """The ids of exports in environments/local.tfvars: Terraform's checks need them before they can be created."""
    text = (repository / "environments" / "local.tfvars").read_text()
    # An expression instead of a parser of HCL: the file is ours, and its map has no nested braces.
    match = re.search(r"^spreadsheets\s*=\s*\{([^}]*)\}", text, re.MULTILINE)
    return sorted(set(re.findall(r'"([^"]+)"', match[1]))) if match else []


def read_yaml_files(folder: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    for path in sorted(folder.glob("*.yaml")):
        try:
            content = yaml.safe_load(path.read_text())
        except (yaml.YAMLError, UnicodeDecodeError):
            continue
        if isinstance(content, dict):
            yield path.stem, content


def spreadsheet_variable(name: str) -> str:
    """daily_sales -> DAILY_SALES_SPREADSHEET."""
    return f"{name.upper()}_SPREADSHEET"


def declared_spreadsheet(cloud: Cloud, name: str) -> str:
    """The id that Terraform set on the job sheets-sync for export `name`."""
    return job_variables(cloud, "sheets-sync")[spreadsheet_variable(name)]


def job_variables(cloud: Cloud, job: str) -> dict[str, str]:
    """The environment variables of a Run job, without those from secrets."""
    return {
        variable["name"]: variable.get("value", "")
        for variable in container(cloud.call("GET", job_path(cloud, job))).get("env", [])
        if "valueSource" not in variable
    }


def create_missing(cloud: Cloud, declarations: list[Declaration]) -> list[str]:
    """Creates the spreadsheets without an id and sets them on the jobs. Returns the new variables' names."""
    created = []
    for declaration in declarations:
        if declaration.variable not in job_variables(cloud, declaration.job):
            spreadsheet = create_spreadsheet(cloud, declaration)
            set_variable(cloud, declaration, spreadsheet)
            created.append(declaration.variable)
    return created


def create_spreadsheet(cloud: Cloud, declaration: Declaration) -> str:
    """Shared with the job's service account. The id of an earlier creation is used again."""
    path = cloud.state.root / CREATED_FILE
    ids: dict[str, str] = json.loads(path.read_text()) if path.exists() else {}
    # The id is on record when an earlier attempt ended before it was set on the job.
    if declaration.variable not in ids:
        title = declaration.name.replace("_", " ").capitalize()
        book = cloud.call("POST", "/sheets/v4/spreadsheets", {"properties": {"title": title}})
        ids[declaration.variable] = book["spreadsheetId"]
        # Before it is shared: if that fails, the next attempt must not create a second spreadsheet.
        path.write_text(json.dumps(ids))
        share(cloud, book["spreadsheetId"], declaration.job, declaration.role)
    return ids[declaration.variable]


def share(cloud: Cloud, spreadsheet: str, account: str, role: str) -> None:
    """Idempotent: Drive replaces the permission that the account had."""
    permission = {"role": role, "type": "user", "emailAddress": cloud.state.identity(account)}
    cloud.call("POST", f"/drive/v3/files/{spreadsheet}/permissions", permission)


def set_variable(cloud: Cloud, declaration: Declaration, value: str) -> None:
    job = cloud.call("GET", job_path(cloud, declaration.job))
    container(job).setdefault("env", []).append({"name": declaration.variable, "value": value})
    cloud.call("PATCH", job_path(cloud, declaration.job), {"template": job["template"]})


def job_path(cloud: Cloud, job: str) -> str:
    return f"{cloud.location('run/v2')}/jobs/{job}"


def container(job: dict[str, Any]) -> dict[str, Any]:
    first: dict[str, Any] = job["template"]["template"]["containers"][0]
    return first
