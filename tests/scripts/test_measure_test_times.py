"""The report of test times, and the list of slow files that `make test` ignores."""

import xml.etree.ElementTree as ElementTree
from pathlib import Path

from scripts.measure_test_times import REPOSITORY, SLOW_FILES, SLOW_SECONDS, format_report, slow_files


def suite(*cases: tuple[str, str, float]) -> ElementTree.Element:
    element = ElementTree.Element("testsuite", time="12")
    for file, name, seconds in cases:
        ElementTree.SubElement(element, "testcase", classname=file, name=name, time=str(seconds))
    return element


def test_a_file_is_slow_by_the_sum_of_its_tests() -> None:
    half = SLOW_SECONDS / 2
    measured = suite(
        ("tests.b.test_two", "one", half),
        ("tests.b.test_two.TestClass", "two", half + 1),
        ("tests.test_one", "one", SLOW_SECONDS),
        ("tests.a.test_three", "one", SLOW_SECONDS + 1),
        ("tests.test_story", "one", SLOW_SECONDS + 1),
    )
    assert slow_files(measured) == ["tests/a/test_three.py", "tests/b/test_two.py"]


def test_the_report_has_folders_files_and_tests() -> None:
    report = format_report(suite(("tests.b.test_two", "one", 3), ("tests.b.test_two", "two", 1)))
    assert "2 tests took 12 s of wall time, and 4 s summed" in report
    assert "| tests.b | 2 | 4.0 | 100 |" in report
    assert "| tests.b.test_two | 2 | 4.0 | 100 |" in report
    assert "| tests.b.test_two one | 3.0 |" in report


def test_each_slow_file_exists_and_most_files_are_fast() -> None:
    """A renamed file would be run by `make test` again."""
    listed = SLOW_FILES.read_text().splitlines()
    assert [file for file in listed if not (REPOSITORY / file).is_file()] == []
    files = list(Path(REPOSITORY / "tests").rglob("test_*.py"))
    assert 0 < len(listed) < len(files) / 2
