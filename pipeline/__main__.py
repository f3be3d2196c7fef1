"""python -m pipeline hourly|daily [--from STEP]: what Cloud Scheduler starts, or a person after a failure."""

import argparse
import os
import signal
import sys
import threading
import time
import uuid
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import partial

from pipeline import plan
from pipeline.errors import LeaseHeld, PipelineError, Stopped
from pipeline.lease import Holder
from pipeline.report import Report
from pipeline.settings import Settings


def main() -> None:
    arguments = parser().parse_args()
    report = Report(sys.stderr, schedule=arguments.schedule)
    stopping = threading.Event()
    signal.signal(signal.SIGTERM, lambda number, frame: stopping.set())
    try:
        run(arguments, report, stopping)
    except LeaseHeld as held:
        report(str(held), "WARNING")
        sys.exit(held.exit_code)
    except PipelineError as error:
        report(str(error), "ERROR")
        sys.exit(error.exit_code)


def parser() -> argparse.ArgumentParser:
    top = argparse.ArgumentParser(prog="python -m pipeline", description="Run every step, in order.")
    top.add_argument("schedule", choices=list(plan.PLANS))
    steps = ", ".join(plan.steps(plan.DAILY))
    top.add_argument("--from", dest="start", metavar="STEP", help=f"begin here: {steps}")
    return top


def run(arguments: argparse.Namespace, report: Report, stopping: threading.Event) -> None:
    plan.from_step(arguments.schedule, arguments.start)  # a wrong step is said before anything is read
    settings = Settings.read(os.environ)
    # Google's clients take a second to import; wrong arguments and missing settings are said at once.
    from pipeline.assembly import actions, connect, warehouse
    from pipeline.jobs import ended
    from pipeline.lease import Lease
    from pipeline.patience import Patience
    from pipeline.quality import measure
    from pipeline.run import Run

    clients = connect(settings)
    lease = Lease(
        clients.lease, holder(arguments.schedule, os.environ, settings), ended(clients.executions), time.sleep
    )

    def check() -> None:
        if stopping.is_set():
            raise Stopped("Cloud Run ended this task; the jobs that it had started go on.")
        lease.check()

    with lease:
        measured = partial(measure, partial(warehouse, settings), report)
        steps = actions(settings, clients, Patience(stopping.wait, check), arguments.schedule, measured)
        Run(steps, report, time.monotonic)(arguments.schedule, arguments.start)


def holder(schedule: str, environ: Mapping[str, str], settings: Settings) -> Holder:
    """Who this run is; Cloud Run says which execution it is in."""
    began = datetime.now(UTC).isoformat(timespec="seconds")
    job, execution = environ.get("CLOUD_RUN_JOB"), environ.get("CLOUD_RUN_EXECUTION")
    name = f"{settings.job(job)}/executions/{execution}" if job and execution else ""
    return Holder(f"{schedule} {began}", uuid.uuid4().hex, name)


if __name__ == "__main__":
    main()
