"""python -m scripts.measure_test_times <junit.xml>: writes docs/reports/test-times.md and tests/slow_files.txt.

The file is written by `pytest --junitxml=<file>`; `make test-times` does both. The time of a test includes
its fixtures: a fixture of a module counts for the first test that uses it. `make test` ignores the slow files;
a new file is fast until the times are measured again.
"""

import argparse
import os
import platform
import xml.etree.ElementTree as ElementTree
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

REPOSITORY = Path(__file__).parents[1]
REPORT = REPOSITORY / "docs/reports/test-times.md"
SLOW_FILES = REPOSITORY / "tests/slow_files.txt"
# Measured with three workers on two cores: of all tests of a file, or of each of its tests on average if it has
# some seconds in all. So many short tests in one file stay fast.
SLOW_SECONDS = 12
SLOW_MEAN, SOME_SECONDS = 1.0, 5
ALWAYS = {"tests/test_story.py"}  # that the parts work together: from the API to the sheet
SLOWEST = 25
TEXT = """# Test times

{when}, {cores} cores, Python {python}. Written by `make test-times`.

{tests:,} tests took {wall:.0f} s of wall time, and {total:.0f} s summed over the parallel workers. The time
of a test includes its fixtures; a fixture of a module counts for the first test that uses it.

## By folder

| folder | tests | s | share % |
|---|---:|---:|---:|
{folders}

## Slowest files

| file | tests | s | share % |
|---|---:|---:|---:|
{files}

## Slowest tests

| test | s |
|---|---:|
{slowest}
"""


def main(arguments: Sequence[str] | None = None) -> None:
    options = create_parser().parse_args(arguments)
    suite = read_suite(options.junit)
    if suite is None:
        create_parser().error(f"{options.junit} contains no testsuite; write it with pytest --junitxml.")
    REPORT.write_text(format_report(suite))
    SLOW_FILES.write_text("".join(f"{file}\n" for file in slow_files(suite)))


def read_suite(path: Path) -> ElementTree.Element | None:
    """None for a file that is missing, or is not such a report."""
    try:
        return ElementTree.parse(path).getroot().find("testsuite")
    except (OSError, ElementTree.ParseError):
        return None


def create_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m scripts.measure_test_times", description=__doc__)
    parser.add_argument("junit", type=Path, nargs="?", default=Path(".sandbox/tests.xml"), help="JUnit file")
    return parser


def format_report(suite: ElementTree.Element) -> str:
    """`suite` is a testsuite of JUnit: its testcases have `classname` (dotted path), `name`, `time` in s."""
    seconds: dict[str, float] = {}
    tests: Counter[str] = Counter()
    single: dict[str, float] = {}
    for case in suite.iter("testcase"):
        file, spent = case.get("classname", ""), float(case.get("time", 0))
        # A set: a file directly in tests/ is its own folder.
        for group in {folder_of(file), file}:
            seconds[group] = seconds.get(group, 0) + spent
            tests[group] += 1
        single[f"{file} {case.get('name')}"] = spent
    total = sum(single.values())
    folders = {folder_of(file) for file in tests}

    def format_groups(names: set[str], limit: int) -> str:
        rows = [(name, spent) for name, spent in sort_by_time(seconds) if name in names][:limit]
        return "\n".join(
            f"| {name} | {tests[name]} | {spent:.1f} | {100 * spent / (total or 1):.0f} |"
            for name, spent in rows
        )

    return TEXT.format(
        when=datetime.now(UTC).strftime("%Y-%m-%d"),
        cores=os.cpu_count(),
        python=platform.python_version(),
        tests=len(single),
        wall=float(suite.get("time", 0)),
        total=total,
        folders=format_groups(folders, SLOWEST),
        files=format_groups(set(tests) - folders, SLOWEST),
        slowest="\n".join(f"| {name} | {spent:.1f} |" for name, spent in sort_by_time(single)[:SLOWEST]),
    )


def slow_files(suite: ElementTree.Element) -> list[str]:
    """Paths like `tests/connector/test_api.py`, sorted. A class in a file counts for the file."""
    times: dict[str, list[float]] = {}
    for case in suite.iter("testcase"):
        parts = case.get("classname", "").split(".")
        names = [number for number, part in enumerate(parts) if part.startswith("test_")]
        file = "/".join(parts[: names[0] + 1] if names else parts) + ".py"
        times.setdefault(file, []).append(float(case.get("time", 0)))
    return sorted(file for file, spent in times.items() if is_slow(spent) and file not in ALWAYS)


def is_slow(seconds: Sequence[float]) -> bool:
    """`seconds` of each test of a file."""
    total = sum(seconds)
    return total > SLOW_SECONDS or (total > SOME_SECONDS and total / len(seconds) > SLOW_MEAN)


def sort_by_time(seconds: dict[str, float]) -> list[tuple[str, float]]:
    return sorted(seconds.items(), key=lambda item: -item[1])


def folder_of(file: str) -> str:
    """tests.connector.test_api → tests.connector"""
    return ".".join(file.split(".")[:2])


if __name__ == "__main__":
    main()
