"""Each module in isolation, against the real provider's schema and mocked responses."""

import re

import pytest

from tests.terraform.hcl_files import MODULES


@pytest.mark.parametrize("module", [path.name for path in MODULES])
def test_the_tests_of_a_module_pass(tree, module):
    """Defaults, rejected values and the meaning of a plan."""
    folder = f"modules/{module}"
    assert tree.terraform(folder, "init", "-input=false").returncode == 0
    result = tree.terraform(folder, "test", "-no-color")
    assert result.returncode == 0, result.stdout + result.stderr
    text = (tree.folder / folder / f"tests/{module}.tftest.hcl").read_text()
    runs = len(re.findall(r"^run ", text, re.M))
    assert f"Success! {runs} passed" in result.stdout


def test_the_examples_of_the_readmes_are_valid(tree):
    """All of them together in one root."""
    folder = tree.folder / "examples"
    folder.mkdir()
    for module in MODULES:
        [example] = re.findall(r"```hcl\n(.*?)```", (module / "README.md").read_text(), re.DOTALL)
        (folder / f"{module.name}.tf").write_text(example)
    assert tree.terraform("examples", "init", "-input=false").returncode == 0
    result = tree.terraform("examples", "validate", "-no-color")
    assert (result.returncode, result.stdout.strip()) == (0, "Success! The configuration is valid.")
