"""Rules of the Terraform code that need no provider: they read its text."""

import re
import subprocess
from shutil import which

import pytest

from tests.terraform.reading import MODULES, ROOT, ROOTS, blocks, tables, value

NAMED = {"ids": lambda path: path.name}


@pytest.mark.skipif(which("terraform") is None, reason="terraform is not installed")
def test_terraform_is_formatted():
    command = ["terraform", "fmt", "-check", "-recursive", "-diff", "modules", "environments"]
    told = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=30, check=False)
    assert (told.returncode, told.stdout) == (0, "")


@pytest.mark.parametrize("folder", ROOTS, **NAMED)
def test_every_variable_is_typed_described_and_says_whether_it_may_be_null(folder):
    variables = blocks(folder, "variable")
    assert variables
    for name, block in variables.items():
        assert value(block, "description") and value(block, "type"), name
        assert value(block, "nullable") == "false" or value(block, "default") == "null", name


@pytest.mark.parametrize("folder", ROOTS, **NAMED)
def test_every_output_is_described(folder):
    assert all(value(block, "description") for block in blocks(folder, "output").values())


@pytest.mark.parametrize("folder", ROOTS, **NAMED)
@pytest.mark.parametrize("kind", ["variable", "output"])
def test_variables_and_outputs_are_in_alphabetical_order(folder, kind):
    names = list(blocks(folder, kind))
    assert names and names == sorted(names)


def test_modules_are_flat():
    assert len(MODULES) >= 8
    nested = [folder.name for folder in MODULES if re.search(r"^module ", text(folder), re.MULTILINE)]
    assert nested == []


def test_a_module_knows_no_other():
    """It knows its variables, and the files in its own folder."""
    paths = {
        f"{folder.name}: {found}" for folder in MODULES for found in re.findall(r"\.\./\S+", text(folder))
    }
    assert paths == set()


def test_the_root_declares_no_resource_of_its_own():
    assert not re.search(r"^(resource|data) ", text(ROOT / "environments"), re.MULTILINE)


def test_every_module_asks_for_the_same_versions():
    assert len({(folder / "versions.tf").read_text() for folder in MODULES}) == 1
    assert 'version = ">= 7.45, < 8"' in (ROOT / "environments/versions.tf").read_text()


def test_grants_are_additive():
    """A policy or a binding takes away what somebody else has granted."""
    authoritative = {
        kind
        for folder in ROOTS
        for kind in re.findall(r'resource "(\w+_iam_(?:policy|binding))"', text(folder))
    }
    assert authoritative == set()


def test_nothing_here_knows_the_sandbox():
    """The environment points Terraform at it; only the tfvars of `local` name its project."""
    said = {
        path.name
        for folder in ROOTS
        for path in folder.glob("*.tf")
        if re.search("sandbox|localhost|127.0.0.1|emulator|custom_endpoint", path.read_text())
    }
    assert said == set()


@pytest.mark.parametrize("folder", MODULES, **NAMED)
def test_the_readme_has_one_sentence_an_example_and_the_tables_of_the_code(folder):
    readme = (folder / "README.md").read_text()
    assert re.match(rf"# {folder.name}\n\n[^\n]+\.\n\n```hcl\n.+?\n```\n\n", readme, re.DOTALL)
    assert readme.endswith(tables(folder) + "\n"), f"the tables should be:\n{tables(folder)}"


def text(folder):
    return "\n".join(path.read_text() for path in sorted(folder.glob("*.tf")))
