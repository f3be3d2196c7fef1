"""python -m benchmarks start|copy|year|hour [--full] [--runs N]: writes docs/reports/benchmarks.md."""

import argparse
import sys

from benchmarks import hour, matrix, start, year
from benchmarks.document import circumstances, write
from benchmarks.errors import BenchmarkError
from benchmarks.peer import PEERS, version


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks")
    parser.add_argument("what", nargs="+", choices=sorted(SECTIONS))
    parser.add_argument("--full", action="store_true", help="every case of `copy`: about an hour")
    parser.add_argument("--runs", type=int, default=matrix.RUNS, help="after a warm-up; default %(default)s")
    arguments = parser.parse_args()
    try:
        for what in arguments.what:
            SECTIONS[what](arguments)
    except BenchmarkError as error:
        sys.exit(f"benchmarks: {error}")


def copy(arguments: argparse.Namespace) -> None:
    now = circumstances(*map(version, PEERS))
    body = matrix.report(arguments.full, arguments.runs, say)
    write(matrix.TITLE, f"{now} Medians after a warm-up.\n\n{matrix.NOTES}\n\n{body}")


def cold(arguments: argparse.Namespace) -> None:
    now = circumstances()
    write(start.TITLE, f"{now} Medians; runs: {arguments.runs}.\n\n{start.report(arguments.runs, say)}")


def real_year(arguments: argparse.Namespace) -> None:
    write(year.TITLE, f"{circumstances()}\n\n{year.report(say)}")


def with_history(arguments: argparse.Namespace) -> None:
    write(hour.TITLE, f"{circumstances()}\n\n{hour.report(say)}")


def say(line: str) -> None:
    print(line, flush=True)


SECTIONS = {"start": cold, "copy": copy, "year": real_year, "hour": with_history}

if __name__ == "__main__":
    main()
