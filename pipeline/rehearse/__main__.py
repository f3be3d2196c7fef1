"""python -m pipeline.rehearse COMPILATION_RESULT --release ID: run a candidate on clones, and log what it changes.

Started by scripts.rehearse as the Run job `rehearse`, one at a time; the result is a row of ops.releases.
"""

import argparse
import os
import sys

from runtime.process import ArgumentParser, raise_on_termination, run_job
from runtime.structured_log import StructuredLog, open_log


def main() -> None:
    log = open_log(sys.stderr, os.environ)
    raise_on_termination()
    sys.exit(run_job(lambda: run(log), log))


def create_parser() -> argparse.ArgumentParser:
    parser = ArgumentParser(prog="python -m pipeline.rehearse", description="Run a candidate on clones.")
    add = parser.add_argument
    add("result", metavar="COMPILATION_RESULT", help="projects/…/compilationResults/…, with the suffix")
    add("--release", required=True, metavar="ID", help="of the row in ops.releases")
    add("--commit", default="", metavar="SHA", help="the Git commit of the files; empty outside of Git")
    add("--digest", required=True, metavar="HEX", help="of the files")
    add("--incremental-only", action="store_true", help="do not write tables with changed code again")
    return parser


def run(log: StructuredLog) -> None:
    arguments = create_parser().parse_args()
    from pipeline.rehearse.assembly import create_job
    from pipeline.rehearse.record import Candidate

    candidate = Candidate(arguments.release, arguments.commit, arguments.digest)
    create_job(os.environ, log).run(arguments.result, candidate, incremental_only=arguments.incremental_only)


if __name__ == "__main__":
    main()
