"""The report of test times, and the list of slow files that `make test` ignores."""

import xml.etree.ElementTree as ElementTree
from pathlib import Path

from scripts.measure_test_times import (
    REPOSITORY,
    SLOW_FILES,
    SLOW_MEAN,
    SLOW_SECONDS,
    SOME_SECONDS,
    format_report,
    slow_files,
)


def suite(*cases: tuple[str, str, float]) -> ElementTree.Element:
    element = ElementTree.Element("testsuite", time="12")
    for file, name, seconds in cases:
        ElementTree.SubElement(element, "testcase", classname=file, name=name, time=str(seconds))
    return element


def times(file: str, tests: int, seconds: float) -> list[tuple[str, str, float]]:
    return [(file, str(number), seconds) for number in range(tests)]


def test_a_file_is_slow_by_the_sum_of_its_tests() -> None:
    measured = suite(
        *times("tests.b.test_two", 20, SLOW_SECONDS / 40),
        *times("tests.b.test_two.TestClass", 21, SLOW_SECONDS / 40),
        *times("tests.test_one", 20, SLOW_SECONDS / 20),
        *times("tests.a.test_three", 21, SLOW_SECONDS / 20),
        *times("tests.test_story", 21, SLOW_SECONDS / 20),
    )
    assert slow_files(measured) == ["tests/a/test_three.py", "tests/b/test_two.py"]


def test_a_file_is_slow_by_the_mean_of_its_tests() -> None:
    measured = suite(
        *times("tests.test_few_long", 6, SLOW_MEAN + 0.1),
        *times("tests.test_many_short", 10, SLOW_MEAN),
        *times("tests.test_one", 1, SOME_SECONDS),
    )
    assert slow_files(measured) == ["tests/test_few_long.py"]


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
