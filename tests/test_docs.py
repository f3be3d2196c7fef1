"""Documents: links, make targets, modules and files that they mention exist; their tables keep their form."""

import importlib.util
import re
from pathlib import Path

import pytest

from scripts.measure_style import tracked_files

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text()
DOCUMENTS = [
    *sorted(ROOT.glob("*.md")),
    *sorted((ROOT / "docs").rglob("*.md")),
    *sorted((ROOT / "modules").rglob("*.md")),
]
FOLDERS = [ROOT / "docs", *sorted(path for path in (ROOT / "docs").iterdir() if path.is_dir())]
README_WORDS = 600


def test_every_make_target_of_the_documents_exists():
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    text = "\n".join(path.read_text() for path in DOCUMENTS)
    mentioned = set(re.findall(r"[`\n]make ([a-z-]+)\b", text))
    assert mentioned and mentioned - targets == set()


def test_every_module_that_the_readme_runs_exists():
    mentioned = set(re.findall(r"python -m ([a-z_.]+)", README))
    assert mentioned and {name for name in mentioned if importlib.util.find_spec(name) is None} == set()


def test_the_readme_is_short():
    assert len(README.split()) <= README_WORDS


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_every_link_leads_to_a_file(document):
    links = re.findall(r"\]\(([^)#\s]+)[^)]*\)", document.read_text())
    dead = [link for link in links if "://" not in link and not (document.parent / link).exists()]
    assert dead == []


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_every_anchor_is_a_heading(document):
    for link, anchor in re.findall(r"\]\(([^)#\s:]*)#([^)\s]+)\)", document.read_text()):
        target = (document.parent / link) if link else document
        headings = re.findall(r"^#+ (.+)$", target.read_text(), re.MULTILINE)
        slugs = {re.sub(r"[^\w -]", "", heading).lower().replace(" ", "-") for heading in headings}
        assert anchor in slugs, f"{link}#{anchor}"


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_every_page_is_in_the_index_of_its_folder(folder):
    pages = {path.name for path in folder.glob("*.md")} - {"README.md"}
    if folder.name != "images":
        index = (folder / "README.md").read_text()
        assert pages - set(re.findall(r"\]\(([\w.-]+\.md)\)", index)) == set()


def test_every_document_that_code_mentions_exists():
    mentioned = {
        (path.as_posix(), document)
        for path in tracked_files(ROOT)
        if path.suffix in {".py", ".tf", ".sqlx", ".js", ".sql", ".yaml"} or path.name == "Makefile"
        for document in re.findall(r"(?<![\w./])docs/[\w/-]+\.md\b", (ROOT / path).read_text())
    }
    assert mentioned
    assert {(path, name) for path, name in mentioned if not (ROOT / name).is_file()} == set()


def test_traps_are_dated_and_sorted_by_service():
    sections = (ROOT / "docs/reference/traps.md").read_text().split("\n## ")[1:]
    assert [section.splitlines()[0] for section in sections] == ["Google", "Sandbox deviations", "Unverified"]
    for section in sections:
        rows = [line for line in section.splitlines() if line.startswith("|")][2:]
        assert rows and all(re.match(r"\| [^|]+ \| 20\d\d-\d\d-\d\d \| .+ \|$", row) for row in rows)
        services = [row.split("|")[1].strip() for row in rows]
        assert services == sorted(services, key=lambda service: (service != "all", service.lower()))


def test_every_decision_has_a_unique_number():
    paths = sorted((ROOT / "docs/adr").glob("0*.md"))
    numbers = [path.name[:4] for path in paths]
    assert numbers and len(set(numbers)) == len(numbers)
    assert [path.name for path in paths if not path.read_text().startswith(f"# {path.name[:4]}: ")] == []
