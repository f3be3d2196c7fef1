"""python -m scripts.unload --env ENV (--run ID | --file NAME …) --reason TEXT [--dry-run]

Deletes the rows of a load from raw and restores ods and dmt to the moment before it, in one transaction; its files move
to failed/, from where the connector's replay loads them. The next run computes the tables from what remains.
"""

import argparse
import re
import sys
from collections.abc import Sequence

from runtime.delivery import DeliveryError, Refused, ReleaseError
from runtime.errors import JobError
from runtime.google_errors import CLIENT_ERRORS
from scripts.delivery.platform import Platform, open_platform
from scripts.deploy.errors import DeployError
from scripts.exits import exit_with_message
from scripts.release.target import add_arguments

LANDING_FILE = re.compile(r".+_\d{8}_\d{4}_.+\.json")


@exit_with_message("unload", "Run the command again: it continues where it stopped.")
def main() -> None:
    arguments = create_parser().parse_args()
    try:
        unload(arguments, open_platform(arguments))
    except (DeliveryError, DeployError, ReleaseError, JobError) as error:
        sys.exit(f"unload: {error}")
    except CLIENT_ERRORS as error:
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
    parser.add_argument(
        "--dry-run", action="store_true", help="print the plan of the job, and change nothing"
    )
    return parser


def select(run: str | None, files: Sequence[str]) -> list[str]:
    """Arguments of the job; Refused for what cannot be a load, as only the job has access to the logs."""
    if run is not None and not run.strip():
        raise Refused("the id of the run is empty; nothing was changed. ops.run_log lists them.")
    # The base name, also of an address in the bucket.
    names = {text: text.rpartition("/")[2] for text in files}
    if unknown := [text for text, name in names.items() if not LANDING_FILE.fullmatch(name)]:
        raise Refused(
            f"{unknown[0]!r} is not a landing file, such as sales_20260131_0930_<uuid>.json; nothing was changed. "
            "ops.file_log lists them."
        )
    return ["--run", run] if run else [word for name in names.values() for word in ("--file", name)]


def unload(arguments: argparse.Namespace, platform: Platform) -> None:
    selection = select(arguments.run, arguments.file)
    platform.restore_job.check()
    dry = ["--dry-run"] if arguments.dry_run else []
    with platform.lease("unload"):
        platform.restore_job.unload([*selection, "--reason", arguments.reason, *dry])
    print("dry run   nothing was changed" if dry else "done      the next run computes the tables again")


if __name__ == "__main__":
    main()
