"""python -m pipeline.restore to MOMENT | unload (--run ID | --file NAME …) --reason TEXT [--dry-run] | undo …

Started as the Run job `restore`: by scripts.rollback and scripts.unload, and by the pipeline to undo a bad release.
"""

import argparse
import os
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Protocol

from runtime.errors import LeaseHeld, UsageError
from runtime.lease import Lease
from runtime.process import ArgumentParser, raise_on_termination, run_job
from runtime.structured_log import StructuredLog, open_log

if TYPE_CHECKING:
    from pipeline.restore.assembly import Job

# A run of the pipeline may be active: it is waited for, as schedules are paused meanwhile.
LEASE_WAIT_SECONDS = 1800.0
LEASE_RETRY_SECONDS = 5.0


def main() -> None:
    log = open_log(sys.stderr, os.environ)
    raise_on_termination()
    sys.exit(run_job(lambda: run(log), log))


def create_parser() -> argparse.ArgumentParser:
    parser = ArgumentParser(prog="python -m pipeline.restore", description="Write ods and dmt as they were.")
    commands = parser.add_subparsers(dest="command", required=True)
    to = commands.add_parser("to", help="the state of a moment")
    to.add_argument("moment", help="with an offset, for example 2026-01-31T09:30:00+00:00")
    to.add_argument(
        "--leave", action="append", default=[], metavar="TABLE", help="a table that did not exist then"
    )
    unload = commands.add_parser("unload", help="take a load out of raw")
    which = unload.add_mutually_exclusive_group(required=True)
    which.add_argument("--run", metavar="ID", help="all files of a run of the connector (ops.run_log)")
    which.add_argument(
        "--file", action="append", default=[], metavar="NAME", help="a landing file (ops.file_log)"
    )
    unload.add_argument("--reason", required=True, help="stored in ops.file_log")
    undo = commands.add_parser("undo", help="roll back a release that the pipeline found bad")
    what = undo.add_mutually_exclusive_group(required=True)
    what.add_argument("--release", metavar="ID", help="the newest of ops.releases, still watched")
    what.add_argument("--unfinished", action="store_true", help="finish such a rollback that was killed")
    undo.add_argument("--reason", default="", help="stored in ops.releases")
    for command in (to, unload, undo):
        command.add_argument("--dry-run", action="store_true", help="log the plan, and change nothing")
    return parser


def parse_moment(text: str) -> datetime:
    """In UTC; UsageError without an offset: a moment in the wrong zone would restore other rows."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise UsageError(
            f"invalid moment '{text}': expected for example 2026-01-31T09:30:00+00:00."
        ) from error
    if moment.tzinfo is None:
        raise UsageError(f"invalid moment '{text}': an offset such as +00:00 is missing.")
    return moment.astimezone(UTC)


def run(log: StructuredLog) -> None:
    arguments = create_parser().parse_args()
    moment = parse_moment(arguments.moment) if arguments.command == "to" else None
    # Imported here: Google's clients take seconds, and usage errors are reported before.
    from pipeline.restore.assembly import create_job
    from pipeline.restore.outcome import CollectingLog, Recorder
    from runtime.delivery.outcomes import OUTCOME_VARIABLE, OutcomeLog

    collecting = CollectingLog(log)
    job = create_job(os.environ, collecting)
    outcomes, name = OutcomeLog(job.client), os.environ.get(OUTCOME_VARIABLE, "")
    recorder = Recorder(outcomes, name, collecting, only_failures=arguments.command != "unload")
    with recorder.recording():
        # Without the lease, because nothing is written.
        if arguments.dry_run:
            start(job, arguments, moment)
        else:
            wait_for_lease(job, lambda: start(job, arguments, moment), time.sleep, time.monotonic)


def start(job: "Job", arguments: argparse.Namespace, moment: datetime | None) -> None:
    if moment is not None:
        job.restore_to(moment, arguments.leave, dry_run=arguments.dry_run)
    elif arguments.command == "undo":
        job.undo(arguments.release, arguments.reason, dry_run=arguments.dry_run)
    else:
        job.unload(arguments.run, arguments.file, arguments.reason, dry_run=arguments.dry_run)


class Leasing(Protocol):
    """pipeline.restore.assembly.Job."""

    @property
    def log(self) -> StructuredLog: ...
    def lease(self) -> Lease[dict[str, str]]: ...


def wait_for_lease(
    job: Leasing, action: Callable[[], object], sleep: Callable[[float], object], clock: Callable[[], float]
) -> None:
    """Run `action` with the pipeline's lease; LeaseHeld if a run holds it for too long."""
    deadline = clock() + LEASE_WAIT_SECONDS
    while True:
        try:
            lease = job.lease()
            lease.acquire()
            break
        except LeaseHeld as error:
            if clock() > deadline:
                raise
            job.log(f"waiting: {error}", "WARNING")
            sleep(LEASE_RETRY_SECONDS)
    try:
        action()
    finally:
        lease.release()


if __name__ == "__main__":
    main()
