"""python -m report [--since 24h] [--out FOLDER]: the page about last night, and metrics.prom.

Exit codes: 0 written, 1 not written, 2 wrong arguments or settings, 143 terminated.
"""

import argparse
import os
import sys
from datetime import UTC, datetime
from pathlib import Path

from report.settings import parse_since, read_settings
from runtime.process import ArgumentParser, raise_on_termination, run_job
from runtime.structured_log import StructuredLog, open_log


def main() -> None:
    log = open_log(sys.stderr, os.environ)
    raise_on_termination()
    sys.exit(run_job(lambda: write_report(log), log))


def create_parser() -> argparse.ArgumentParser:
    parser = ArgumentParser(prog="python -m report", description="Write the page about last night.")
    parser.add_argument("--since", default="24h", metavar="24h", help="hours or days; default: %(default)s")
    parser.add_argument("--out", type=Path, metavar="FOLDER", help="write into a folder, not into the bucket")
    return parser


def write_report(log: StructuredLog) -> None:
    arguments = create_parser().parse_args()
    window = parse_since(arguments.since)
    settings = read_settings(os.environ)
    # Google's clients take a second to import; wrong arguments and missing settings are reported before.
    from report import assembly
    from report.metrics import render_metrics
    from report.night import Night, read_rows
    from report.page import render_page
    from report.publish import METRICS, PAGE, write_bucket, write_folder
    from report.wording import describe_verdict

    until = datetime.now(UTC)
    # A section that cannot be read becomes a sentence of the page: the others are still worth showing.
    rows, problems = read_rows(assembly.OpsReader(settings), until - window, until)
    models, unreadable = assembly.read_models(settings)
    night = Night(
        settings.project,
        until - window,
        until,
        rows,
        [*problems, *unreadable],
        models,
        settings.endpoints,
        settings.exports,
    )
    files = {PAGE: render_page(night, settings.runbooks), METRICS: render_metrics(night)}
    if arguments.out:
        places = write_folder(arguments.out, files)
    else:
        places = write_bucket(assembly.create_store(settings), files, until)
    # After the page is written, so that a problem never keeps the page from being updated.
    for problem in night.problems:
        log(problem, "WARNING")
    log(describe_verdict(night), places=places, problems=len(night.problems))


if __name__ == "__main__":
    main()
