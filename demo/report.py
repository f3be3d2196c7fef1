"""Two HTML pages for the browser: the page about last night, and the sheet as its readers see it."""

from pathlib import Path

from demo.cloud import Cloud
from demo.commands import REPOSITORY, Shell
from demo.project_folder import relative_path
from demo.screen import Screen
from demo.spreadsheets import declared_spreadsheet, job_variables
from demo.sql import running_project

FOLDER = "report"


def print_report(root: Path, screen: Screen) -> None:
    """`make report`: the page of a project that is running, or that is started for it."""
    with running_project(root) as state:
        screen.write(f"the report  {write_report(Cloud(state))}")


def write_pages(cloud: Cloud, export: str) -> list[str]:
    """Writes the page of the export's sheet, and the report. Returns a line of text for each."""
    root = cloud.state.root
    sheet = cloud.get_text(f"/sheets/view/{declared_spreadsheet(cloud, export)}")
    (root / "sheet.html").write_text(sheet)
    return [f"the sheet   {relative_path(root / 'sheet.html')}", f"the report  {write_report(cloud)}"]


def write_report(cloud: Cloud) -> str:
    """Runs `python -m report` with the settings of the job report. The page's path."""
    folder = cloud.state.root / FOLDER
    # Links to the files of this repository: the page is read where it was written.
    settings = job_variables(cloud, "report") | {"RUNBOOKS": (REPOSITORY / "docs/runbooks").as_uri()}
    Shell(cloud.state, settings).run_module("report", "--since", "24h", "--out", str(folder))
    return str(relative_path(folder / "index.html"))
