"""python -m pipeline hourly|daily [--from STEP]: started by Cloud Scheduler, or by a person."""

import argparse
import os
import signal
import sys
import threading
import time
from datetime import UTC, datetime
from functools import partial
from types import FrameType

from pipeline import plan
from pipeline.settings import Settings, read_settings
from runtime.errors import LeaseHeld, Terminated
from runtime.process import ArgumentParser, run_job
from runtime.structured_log import TRACE_FIELD, TRACE_VARIABLE, StructuredLog, open_log

LEASE_RENEW_SECONDS = 5.0  # without an answer of Cloud Run, a dead owner is noticed after 15 s


def main() -> None:
    log = open_log(sys.stderr, os.environ)
    terminating = Termination()
    terminating.listen()
    sys.exit(run_job(lambda: run_pipeline(log, terminating), log))


class Termination(threading.Event):
    """Set by SIGTERM, or by Ctrl-C, whose `number` it has.

    A flag and not an exception: steps run in threads, which an exception in the main thread would not end.
    """

    number: int = signal.SIGTERM

    def listen(self) -> None:
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._receive)

    def _receive(self, number: int, frame: FrameType | None) -> None:
        self.number = number
        self.set()

    def check(self) -> None:
        """Terminated, with the number of the signal, once it has arrived."""
        if self.is_set():
            raise Terminated(self.number)


def create_parser() -> argparse.ArgumentParser:
    parser = ArgumentParser(prog="python -m pipeline", description="Run all steps in order.")
    parser.add_argument("schedule", choices=list(plan.SCHEDULES))
    help_text = "begin with this step: connector:<source>/<endpoint>, dataform or sheets_sync"
    parser.add_argument("--from", dest="first_step", metavar="STEP", help=help_text)
    return parser


def run_pipeline(log: StructuredLog, terminating: Termination) -> None:
    """Run the schedule, unless another run holds the lease: then this one ends with exit code 0.

    Hourly and daily runs may overlap, so a held lease is not a failure and must not raise an alert. A
    schedule in which no run ever finishes is noticed by the age of the newest row.
    """
    arguments = create_parser().parse_args()
    log = log.bind(schedule=arguments.schedule)
    settings = read_settings(os.environ)
    plans = plan.build_plans(settings.endpoints)
    plan.plan_from_step(
        plans, arguments.schedule, arguments.first_step
    )  # reject a wrong step before any request
    try:
        run_steps(arguments, settings, log, terminating)
    except LeaseHeld as error:
        log(str(error), "WARNING")


def run_steps(
    arguments: argparse.Namespace, settings: Settings, log: StructuredLog, terminating: Termination
) -> None:
    # Google's clients take a second to import; wrong arguments and missing settings are reported before.
    from pipeline import assembly
    from pipeline.jobs import make_execution_check, own_execution
    from pipeline.polling import Poller
    from pipeline.run import Run
    from pipeline.run_record import RunRecord, RunRow
    from pipeline.watch import Watch
    from runtime.lease import Lease

    clients = assembly.create_clients(settings)
    lease = Lease(
        assembly.create_object_store(settings),
        assembly.LEASE_NAME,
        dict[str, str],
        holder=f"{arguments.schedule} {datetime.now(UTC).isoformat(timespec='seconds')}",
        execution=own_execution(os.environ, settings.location),
        has_ended=make_execution_check(clients.executions),
        renew_seconds=LEASE_RENEW_SECONDS,
    )

    def check() -> None:
        terminating.check()
        # A run that was taken over must start no further step: the other run has started it already.
        lease.check()

    # The id of the run is the trace of its log lines, so rows of ops lead to the lines and back.
    run_id = log.facts[TRACE_FIELD].rpartition("/")[2]
    with lease:
        connect = partial(assembly.BigQuery, settings)
        record = RunRecord(connect, log)
        poller = Poller(terminating.wait, check)
        actions = assembly.create_actions(
            # Every job that is started logs under the trace of this run.
            settings,
            clients,
            poller,
            arguments.schedule,
            record,
            {TRACE_VARIABLE: run_id},
            assembly.create_preparation(settings, poller, run_id, log),
        )
        start = assembly.create_rollback(settings, clients, poller, {TRACE_VARIABLE: run_id})
        watch = Watch(connect, start, settings.watched_runs, log)

        def finish(row: RunRow) -> None:
            record.write(row)
            # A cancelled run does not judge the release: it has ten seconds to end.
            if not terminating.is_set():
                watch.judge(row, record.actions)

        run = Run(
            run_id,
            plan.build_plans(settings.endpoints),
            actions,
            log,
            time.monotonic,
            lambda: datetime.now(UTC),
            finish,
        )
        run.execute(arguments.schedule, arguments.first_step)


if __name__ == "__main__":
    main()
