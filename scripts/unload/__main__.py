"""python -m scripts.unload --env ENV (--run ID | --file NAME …) --reason TEXT [--dry-run]

Deletes the rows of a load from raw and restores ods and dmt to the moment before it, in one transaction; its files move
to failed/, from where the connector's replay loads them. The next run computes the tables from what remains.
"""

import argparse
import sys

import requests
from google.api_core.exceptions import GoogleAPIError
from google.auth.exceptions import GoogleAuthError

from runtime.delivery import DeliveryError, ReleaseError
from runtime.errors import JobError
from scripts.delivery.platform import Platform, open_platform
from scripts.deploy.errors import DeployError
from scripts.release.target import add_arguments


def main() -> None:
    arguments = create_parser().parse_args()
    try:
        unload(arguments, open_platform(arguments))
    except (DeliveryError, DeployError, ReleaseError, JobError) as error:
        sys.exit(f"unload: {error}")
    except (GoogleAPIError, GoogleAuthError, requests.RequestException) as error:
        sys.exit(f"unload: {error}\nRun the command again: it continues where it stopped.")


def create_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m scripts.unload", description="Take a load out of raw.")
    add_arguments(parser)
    which = parser.add_mutually_exclusive_group(required=True)
    which.add_argument("--run", metavar="ID", help="all files of a run of the connector (ops.run_log)")
    which.add_argument(
        "--file", action="append", default=[], metavar="NAME", help="a landing file (ops.file_log)"
    )
    parser.add_argument("--reason", required=True, help="stored in ops.file_log and with the files")
    parser.add_argument("--dry-run", action="store_true", help="log the plan of the job, and change nothing")
    return parser


def unload(arguments: argparse.Namespace, platform: Platform) -> None:
    platform.restore_job.check()
    selection = ["--run", arguments.run] if arguments.run else []
    selection += [word for name in arguments.file for word in ("--file", name)]
    dry = ["--dry-run"] if arguments.dry_run else []
    with platform.lease("unload"):
        platform.restore_job.run(["unload", *selection, "--reason", arguments.reason, *dry])
    print(
        "done      the plan is in the log of the job"
        if dry
        else "done      the next run computes the tables again"
    )


if __name__ == "__main__":
    main()
