"""What the documents say exists."""

import importlib.util
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text()
DOCUMENTS = [
    ROOT / "README.md",
    *sorted((ROOT / "docs").rglob("*.md")),
    *sorted((ROOT / "modules").rglob("*.md")),
]


def test_every_make_target_of_the_readme_exists():
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    said = set(re.findall(r"\bmake ([a-z-]+)`", README))
    assert said and said <= targets


def test_every_module_that_the_readme_runs_exists():
    said = set(re.findall(r"python -m ([a-z_.]+)", README))
    assert said and {name for name in said if importlib.util.find_spec(name) is None} == set()


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_every_link_leads_somewhere(document):
    links = re.findall(r"\]\(([^)#\s]+)[^)]*\)", document.read_text())
    dead = [link for link in links if "://" not in link and not (document.parent / link).exists()]
    assert dead == []


def test_traps_are_dated():
    rows = [line for line in (ROOT / "docs/traps.md").read_text().splitlines() if line.startswith("|")][2:]
    assert (
        rows and [row for row in rows if not re.match(r"\| 20\d\d-\d\d-\d\d \| [^|]+ \| .+ \|$", row)] == []
    )


def test_every_decision_has_a_number_of_its_own():
    paths = sorted((ROOT / "docs/adr").glob("*.md"))
    numbers = [path.name[:4] for path in paths]
    assert numbers and len(set(numbers)) == len(numbers)
    assert [path.name for path in paths if not path.read_text().startswith(f"# {path.name[:4]}: ")] == []
