"""Each module by itself, against the real provider's schema and a mock of its answers."""

import re

import pytest

from tests.terraform.reading import MODULES


@pytest.mark.parametrize("module", [path.name for path in MODULES])
def test_the_modules_own_tests_pass(tree, module):
    """Defaults, what is refused with which variable, and what a plan means."""
    folder = f"modules/{module}"
    assert tree.terraform(folder, "init", "-input=false").returncode == 0
    told = tree.terraform(folder, "test", "-no-color")
    assert told.returncode == 0, told.stdout + told.stderr
    runs = len(re.findall(r"^run ", (tree.folder / folder / f"tests/{module}.tftest.hcl").read_text(), re.M))
    assert f"Success! {runs} passed" in told.stdout


def test_the_examples_of_the_readmes_are_valid(tree):
    """All of them together: a root that somebody put together from the READMEs."""
    folder = tree.folder / "examples"
    folder.mkdir()
    for module in MODULES:
        [example] = re.findall(r"```hcl\n(.*?)```", (module / "README.md").read_text(), re.DOTALL)
        (folder / f"{module.name}.tf").write_text(example)
    assert tree.terraform("examples", "init", "-input=false").returncode == 0
    told = tree.terraform("examples", "validate", "-no-color")
    assert (told.returncode, told.stdout.strip()) == (0, "Success! The configuration is valid.")
