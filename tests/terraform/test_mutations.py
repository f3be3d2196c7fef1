"""`make mutate-terraform` runs the mutations; here only their texts and tests are checked."""

import ast

from tests.terraform.hcl_files import MODULES, ROOT
from tests.terraform.mutations import MUTATIONS


def test_every_mutation_still_applies():
    missing = [item.name for item in MUTATIONS if item.before not in (ROOT / item.path).read_text()]
    assert missing == []
    assert len({item.name for item in MUTATIONS}) == len(MUTATIONS) >= 32


def test_every_mutation_names_an_existing_test():
    for mutation in MUTATIONS:
        path, _, name = mutation.test.partition("::")
        functions = ast.parse((ROOT / path).read_text()).body
        names = {node.name for node in functions if isinstance(node, ast.FunctionDef)}
        assert name.partition("[")[0] in names, mutation.test


def test_every_module_has_a_mutation():
    mutated = {mutation.path.split("/")[1] for mutation in MUTATIONS if mutation.path.startswith("modules/")}
    assert {module.name for module in MODULES} - mutated == set()
