"""The language rules of CONTRIBUTING.md over every tracked file: words, names, and the width of HCL."""

import re
from pathlib import Path

import pytest

from scripts.measure_style import ROOT, tracked_files
from scripts.style_rules import BANNED_NAMES, PHRASES, find_violations

FOLDERS = sorted({path.parts[0] for path in tracked_files(ROOT)})


@pytest.mark.parametrize("folder", FOLDERS)
def test_text_follows_the_language_rules(folder: str) -> None:
    violations = [
        str(violation)
        for path in tracked_files(ROOT)
        if path.parts[0] == folder
        for violation in find_violations(ROOT, path)
    ]
    assert violations == []


@pytest.mark.parametrize(
    "sentence",
    [
        "Nobody asked but a person",
        "Who deploys reads the plan",
        "the day is none",
        "a null is no number",
        "the run alone",
        "the lease is put down",
        "The bucket heals itself",
        "What the source says of it",
    ],
)
def test_mannered_sentences_are_rejected(tmp_path: Path, sentence: str) -> None:
    (tmp_path / "page.md").write_text(f"{sentence}\n")
    assert find_violations(tmp_path, Path("page.md"))


@pytest.mark.parametrize(
    "sentence",
    [
        "There is no lease.",
        "The file is no longer read.",
        "ods stands for operational data store.",
        "People who edit the sheet keep their columns.",
        "The standard retry policy applies.",
        "`who said` is in a code span.",
    ],
)
def test_ordinary_sentences_are_accepted(tmp_path: Path, sentence: str) -> None:
    (tmp_path / "page.md").write_text(f"{sentence}\n")
    assert find_violations(tmp_path, Path("page.md")) == []


def test_prose_of_every_kind_of_file_is_read(tmp_path: Path) -> None:
    texts = {
        "code.py": '"""It says so."""\n# told\ndef test_it_asks(): raise E("nobody is here now")\n',
        "main.tf": 'description = "The job says so."  # whoever\n',
        "model.sqlx": "-- as ever\nselect 1",
        "schema.json": '{"description": "The id that nobody reads"}',
        "source.yaml": "key: value  # goes on\n",
        "Makefile": "target: ## in passing\n",
    }
    for name, text in texts.items():
        (tmp_path / name).write_text(text)
        assert find_violations(tmp_path, Path(name)), name
    assert len(find_violations(tmp_path, Path("code.py"))) == 4


def test_banned_names_are_found_where_they_are_bound(tmp_path: Path) -> None:
    (tmp_path / "code.py").write_text("def told(made): found = made; self.kept = found\n")
    names = {violation.text for violation in find_violations(tmp_path, Path("code.py"))}
    assert names == {"told", "made", "found", "kept"} <= BANNED_NAMES


def test_every_rule_has_a_remedy() -> None:
    assert all(re.compile(pattern) and remedy for pattern, remedy in PHRASES)
