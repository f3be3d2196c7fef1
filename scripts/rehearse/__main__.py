"""python -m scripts.rehearse --env ENV [--json FILE]: what the folder dataform/ would change in an environment.

Its SQL runs on clones of ods and dmt, in the Run job `rehearse`; the live tables are only read, and the clones are
dropped. Prints the rows added, removed and changed per table and day; ops.releases keeps them for the rollout.
"""

import argparse
import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path

from runtime.delivery import DeliveryError, ReleaseError
from runtime.delivery.releases import Rehearsal, new_id
from runtime.errors import JobError, Terminated
from runtime.google_errors import CLIENT_ERRORS
from runtime.process import raise_on_termination
from scripts.delivery.platform import REHEARSAL, Platform, open_platform
from scripts.delivery.summary import add_summary, append_summary, format_summary
from scripts.delivery.turns import add_wait, wait_for_turn
from scripts.deploy.errors import DeployError
from scripts.deploy.jobs import create_executions_client
from scripts.develop.models import compile_folder
from scripts.exits import exit_with_message, write_file
from scripts.rehearse.job import RehearseJob
from scripts.rehearse.text import describe_result, format_rehearsal
from scripts.release.folder import Files, digest_of_files, read_files, read_origin
from scripts.release.target import add_arguments

SUFFIX = "rehearsal"  # of the datasets, which Terraform creates (modules/warehouse)


@exit_with_message("rehearse", "The clones are dropped by the next rehearsal.")
def main() -> None:
    arguments = create_parser().parse_args()
    # A signal, such as that of a cancelled workflow, becomes an exception that cancels the execution.
    raise_on_termination()
    try:
        platform = open_platform(arguments)
        report(arguments, wait_for_turn(lambda: rehearse(arguments, platform), wait=arguments.wait))
    except (DeliveryError, DeployError, ReleaseError, JobError) as error:
        sys.exit(f"rehearse: {error}")
    except CLIENT_ERRORS as error:
        sys.exit(f"rehearse: {error}")
    except Terminated as terminated:
        print(f"rehearse: cancelled by {terminated}; the clones are dropped", file=sys.stderr)
        sys.exit(terminated.exit_code)


def create_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m scripts.rehearse", description="Run the folder dataform/ on clones of an environment."
    )
    add_arguments(parser)
    add = parser.add_argument
    add("--folder", type=Path, default=Path("dataform"), help="default: %(default)s")
    add("--json", type=Path, metavar="FILE", help="write the result to a file")
    add_summary(add, "result")
    add_wait(parser, "rehearsal")
    add(
        "--incremental-only",
        action="store_true",
        help="only what the next run writes; tables whose code changed are not written again from the beginning",
    )
    return parser


def rehearse(arguments: argparse.Namespace, platform: Platform) -> Rehearsal:
    """Refused or ReleaseError before anything is cloned; DeliveryError if the job has no result."""
    job = RehearseJob(
        platform.images.client, create_executions_client(), f"{platform.images.location}/jobs/rehearse"
    )
    files, origin = read_files(arguments.folder), read_origin(arguments.folder)
    with platform.lease("rehearse", REHEARSAL):
        job.check()
        now = platform.log.now()
        # The same form as the id of a release, which begins with r, in the same table.
        release = f"h{new_id(now)[1:]}"
        with compiled(platform, files) as result:
            options = ["--incremental-only"] if arguments.incremental_only else []
            facts = ["--release", release, "--commit", origin.label, "--digest", digest_of_files(files)]
            log = job.run([result, *facts, *options])
    results = [each for each in platform.log.read_rehearsals() if each.release == release]
    if not results:
        raise DeliveryError(f"the job rehearse failed; the live tables were only read. Its log: {log}")
    return results[0]


@contextmanager
def compiled(platform: Platform, files: Files) -> Iterator[str]:
    """The name of the compilation result for the datasets of rehearsals; ReleaseError if it has errors."""
    with compile_folder(platform.dataform, platform.target, SUFFIX, "rehearse", files) as compilation:
        yield compilation.result.name


def report(arguments: argparse.Namespace, rehearsal: Rehearsal) -> None:
    """DeliveryError, after everything was written, if the candidate failed."""
    lines = list(format_rehearsal(rehearsal))
    print(*lines, sep="\n")
    if arguments.json:
        write_file(arguments.json, json.dumps(asdict(rehearsal), indent=2, default=str) + "\n")
    title = f"Rehearsal on {arguments.env or arguments.project}"
    append_summary(arguments.summary, format_summary(title, lines, describe_result(rehearsal)))
    if rehearsal.state == "failed":
        raise DeliveryError(
            f"the candidate failed on clones; the live tables were only read. {rehearsal.reason}"
        )


if __name__ == "__main__":
    main()
