"""`make sandbox`: keeps the demo's project running, and fills it first if its folder is empty."""

import time
from pathlib import Path

from demo.cloud import Cloud
from demo.companies import RETAIL, current_company
from demo.environment_file import write_environment
from demo.errors import ResultsDiffer, StepFailed
from demo.project_folder import check_empty, is_complete, relative_path
from demo.screen import Screen
from demo.server import running
from demo.spreadsheets import declared_spreadsheet, job_variables, read_declarations
from demo.story import Story, fill_project, start_empty
from sandbox.state import State

POLL_SECONDS = 1.0  # how soon a new export has its spreadsheet


def serve_project(root: Path, screen: Screen) -> None:
    """Runs until Ctrl-C. A complete project continues with its data; an incomplete one raises NoProject."""
    if is_complete(root):
        with running(root) as state:
            # The addresses of the sources are new in every process, so the file of the last one is replaced.
            write_environment(Cloud(state))
            serve_until_interrupt(state, screen)
    else:
        check_empty(root)
        with start_empty(root, screen) as story:
            fill_and_report(story)
            serve_until_interrupt(story.state, screen)


def fill_and_report(story: Story) -> None:
    """Wrong numbers are reported, and the project is served nevertheless: it is the place to examine them."""
    try:
        fill_project(story)
    except ResultsDiffer as error:
        story.screen.write(f"\n{error}")


def serve_until_interrupt(state: State, screen: Screen) -> None:
    print_addresses(state, screen)
    declarations = read_declarations()
    try:
        while True:
            time.sleep(POLL_SECONDS)
            if read_declarations() != declarations:
                declarations = read_declarations()
                report_new_spreadsheets(state, screen)
    except KeyboardInterrupt:
        screen.write("\nstopped; 'make sandbox' continues with this project")


def report_new_spreadsheets(state: State, screen: Screen) -> None:
    """A declaration may be invalid while a person is writing it: an error must not end the server."""
    try:
        cloud = Cloud(state)
        for variable in write_environment(cloud):
            # Both jobs: a new spreadsheet belongs to an export, or to a source of kind sheet.
            settings = job_variables(cloud, "sheets-sync") | job_variables(cloud, "connector")
            address = f"{state.address}/sheets/view/{settings[variable]}"
            screen.write(f"  new spreadsheet {address}, {variable} is in {relative_path(state.root / 'env')}")
    except StepFailed as error:
        screen.write(f"  could not create a spreadsheet: {error}")


def print_addresses(state: State, screen: Screen) -> None:
    root = relative_path(state.root)
    company = current_company()
    option = "" if company.name == RETAIL else f" SOURCE={company.name}"
    rows = {
        "project": f"{state.project}, data in {root}",
        "address": state.address,
        **dict(sorted(state.job_variables.items())),
        "sheet": f"{state.address}/sheets/view/{declared_spreadsheet(Cloud(state), company.sheet)}",
        "query": f'make sql{option} Q="{company.query}"',
        "environment": f"source {root / 'env'}",
        "stop": "Ctrl-C",
    }
    screen.write("\n".join(["", *(f"  {name:<12} {text}" for name, text in rows.items())]))
