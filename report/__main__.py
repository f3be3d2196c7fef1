"""python -m report [--since 24h] [--out FOLDER]: the page about last night, metrics.prom, and a mail if there is news.

Exit codes: 0 written, 1 not written, 2 wrong arguments or settings, 143 terminated.
"""

import argparse
import os
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from report.settings import Settings, parse_since, read_settings
from runtime.process import ArgumentParser, raise_on_termination, run_job
from runtime.structured_log import TRACE_FIELD, StructuredLog, open_log

if TYPE_CHECKING:
    from report.assembly import Ops
    from report.night import Night
    from runtime.object_store import ObjectStore


def main() -> None:
    log = open_log(sys.stderr, os.environ)
    raise_on_termination()
    sys.exit(run_job(lambda: write_report(log), log))


def create_parser() -> argparse.ArgumentParser:
    parser = ArgumentParser(prog="python -m report", description="Write the page about last night.")
    parser.add_argument("--since", default="24h", metavar="24h", help="hours or days; default: %(default)s")
    help_text = "write into a folder, not into the bucket, and send no mail"
    parser.add_argument("--out", type=Path, metavar="FOLDER", help=help_text)
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
    ops = assembly.Ops(settings)
    # A section that cannot be read becomes a sentence of the page: the others are still worth showing.
    rows, problems = read_rows(ops, until - window, until)
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
    store = None if arguments.out else assembly.create_store(settings)
    places = write_bucket(store, files, until) if store else write_folder(arguments.out, files)
    # After the page is written, so that a problem never keeps the page from being updated.
    for problem in night.problems:
        log(problem, "WARNING")
    log(describe_verdict(night), places=places, problems=len(night.problems))
    if store:
        send_mail(night, settings, ops, store, log)


def send_mail(
    night: "Night", settings: Settings, ops: "Ops", store: "ObjectStore", log: StructuredLog
) -> None:
    """A mail that could not be sent is a warning, and a finding of the next page: the page itself is written."""
    from report.assembly import create_outbox

    if settings.mail_server is None or not settings.recipients:
        missing = "REPORT_RECIPIENTS" if settings.mail_server else "SMTP_HOST"
        log(f"Mails about last night are off: {missing} is not set.")
        return
    run_id = log.facts[TRACE_FIELD].rpartition("/")[2]
    outbox = create_outbox(settings, settings.mail_server, ops, store, run_id, night.until)
    for problem in outbox.send_news(night):
        log(problem, "WARNING")


if __name__ == "__main__":
    main()
