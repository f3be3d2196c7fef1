"""Rules of the Terraform code that need no provider: they read its text."""

import re
import subprocess
from shutil import which
from typing import Any

import pytest

from tests.terraform.hcl_files import (
    MODULES,
    ROOT,
    ROOTS,
    format_tables,
    read_argument,
    read_blocks,
    read_text,
)

MAX_WIDTH = 120
FOLDER_IDS: dict[str, Any] = {"ids": lambda path: path.name}


@pytest.mark.skipif(which("terraform") is None, reason="terraform is not installed")
def test_terraform_is_formatted():
    command = ["terraform", "fmt", "-check", "-recursive", "-diff", "modules", "environments"]
    result = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=30, check=False)
    assert (result.returncode, result.stdout) == (0, "")


@pytest.mark.parametrize("folder", ROOTS, **FOLDER_IDS)
def test_no_line_is_longer_than_the_limit(folder):
    files = [path for pattern in ("*.tf", "*.tfvars", "tests/*.hcl") for path in folder.glob(pattern)]
    assert files
    too_long = [
        f"{path.name}:{number}: {len(line)} characters"
        for path in files
        for number, line in enumerate(path.read_text().splitlines(), 1)
        if len(line) > MAX_WIDTH
    ]
    assert too_long == []


@pytest.mark.parametrize("folder", ROOTS, **FOLDER_IDS)
def test_every_variable_has_a_type_a_description_and_nullable(folder):
    variables = read_blocks(folder, "variable")
    assert variables
    for name, block in variables.items():
        assert read_argument(block, "description") and read_argument(block, "type"), name
        accepts_null = read_argument(block, "default") == "null" or name == "budget"
        assert read_argument(block, "nullable") == "false" or accepts_null, name


@pytest.mark.parametrize("folder", ROOTS, **FOLDER_IDS)
def test_every_output_is_described(folder):
    assert all(read_argument(block, "description") for block in read_blocks(folder, "output").values())


@pytest.mark.parametrize("folder", ROOTS, **FOLDER_IDS)
@pytest.mark.parametrize("kind", ["variable", "output"])
def test_variables_and_outputs_are_in_alphabetical_order(folder, kind):
    names = list(read_blocks(folder, kind))
    assert names and names == sorted(names)


def test_modules_are_flat():
    assert len(MODULES) >= 8
    assert [folder.name for folder in MODULES if re.search(r"^module ", read_text(folder), re.M)] == []


def test_modules_are_independent():
    """A module uses its variables and the files in its own folder."""
    paths = {
        f"{folder.name}: {path}" for folder in MODULES for path in re.findall(r"\.\./\S+", read_text(folder))
    }
    assert paths == set()


def test_the_root_has_no_resource_of_its_own():
    assert not re.search(r"^(resource|data) ", read_text(ROOT / "environments"), re.MULTILINE)


def test_modules_accept_a_range_of_versions_and_the_root_pins_one():
    """Without a lock file two jobs could otherwise use different versions of the provider."""
    assert len({(folder / "versions.tf").read_text() for folder in MODULES}) == 1
    assert 'version = ">= 7.45, < 8"' in (MODULES[0] / "versions.tf").read_text()
    assert re.search(r'version = "\d+\.\d+\.\d+"', (ROOT / "environments/versions.tf").read_text())


def test_grants_are_additive_except_on_the_landing_bucket():
    """A policy or binding removes what others have granted; on our own bucket it has to (modules/landing)."""
    authoritative = {
        f"{folder.name}: {kind}"
        for folder in ROOTS
        for kind in re.findall(r'resource "(\w+_iam_(?:policy|binding))"', read_text(folder))
    }
    assert authoritative == {"landing: google_storage_bucket_iam_policy"}


@pytest.mark.parametrize("folder", MODULES, **FOLDER_IDS)
def test_something_waits_for_every_grant_of_a_module(folder):
    """A grant without a `depends_on` may come after the first use of what it grants."""
    text = read_text(folder)
    grants = set(re.findall(r'resource "(google_\w+_iam_(?:member|policy))" "(\w+)"', text))
    waits = " ".join(re.findall(r"depends_on += \[(.*?)\]", text, re.DOTALL))
    assert [f"{kind}.{name}" for kind, name in sorted(grants) if f"{kind}.{name}" not in waits] == []


def test_schedules_wait_for_the_grants_of_everything_they_start():
    """Their jobs need all of these; the outputs with names do not wait."""
    waits = {
        name: set(
            re.findall(r"module\.(\w+)", " ".join(re.findall(r"depends_on += \[(.*?)\]", block, re.DOTALL)))
        )
        for name, block in read_blocks(ROOT / "environments", "module").items()
    }
    assert waits["schedule"] == {
        "connector",
        "dataform",
        "landing",
        "report",
        "report_bucket",
        "sheets_sync",
        "spark",
        "warehouse",
    }
    assert waits["key_rotation_schedule"] == {"secret"}
    assert waits["scheduled_queries"] == {"warehouse"}


def test_nothing_names_the_sandbox():
    """Environment variables point Terraform at it; only local.tfvars has its project."""
    files = {
        path.name
        for folder in ROOTS
        for path in folder.glob("*.tf")
        if re.search("sandbox|localhost|127.0.0.1|emulator|custom_endpoint", path.read_text())
    }
    assert files == set()


@pytest.mark.parametrize("folder", MODULES, **FOLDER_IDS)
def test_a_readme_has_one_sentence_an_example_and_the_tables_of_the_code(folder):
    readme = (folder / "README.md").read_text()
    assert re.match(rf"# {folder.name}\n\n[^\n]+\.\n\n```hcl\n.+?\n```\n\n", readme, re.DOTALL)
    tables = format_tables(folder)
    assert readme.endswith(tables + "\n"), f"the tables should be:\n{tables}"
