"""python -m pipeline hourly|daily [--from STEP]: run the steps of a schedule in order, the first or from STEP on.

Started by Cloud Scheduler, or by a person.
"""

import argparse
import os
import sys

from pipeline import plan
from pipeline.settings import Settings, read_settings
from pipeline.termination import Termination
from runtime.errors import LeaseHeld
from runtime.process import ArgumentParser, run_job
from runtime.structured_log import StructuredLog, open_log


def main() -> None:
    log = open_log(sys.stderr, os.environ)
    terminating = Termination()
    terminating.listen()
    sys.exit(run_job(lambda: run_pipeline(log, terminating), log))


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
    from pipeline.assembly import create_clients
    from pipeline.run_assembly import RunAssembly

    assembly = RunAssembly(arguments.schedule, settings, create_clients(settings), log, terminating)
    with assembly.lease() as lease:
        assembly.run(lease).execute(arguments.schedule, arguments.first_step)


if __name__ == "__main__":
    main()
