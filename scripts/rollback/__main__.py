"""python -m scripts.rollback --env ENV [--to RELEASE] [--code-only|--data-only] [--dry-run]

Restores the Dataform commit, the images of the jobs, and ods and dmt as they were just before the newest release, or
when RELEASE was live. Run again after an interruption: it continues. Rolling back a rollback returns to before it.
"""

import argparse
import sys

from runtime.delivery import DeliveryError, Refused, ReleaseError
from runtime.delivery.steps import Rollback, describe, execute, plan_rollback
from runtime.errors import JobError
from runtime.google_errors import CLIENT_ERRORS
from scripts.delivery.platform import Platform, open_platform
from scripts.delivery.turns import add_wait, wait_for_turn
from scripts.deploy.errors import DeployError
from scripts.exits import exit_with_message
from scripts.release.target import add_arguments


@exit_with_message("rollback", "Run the command again: it continues where it stopped.")
def main() -> None:
    arguments = create_parser().parse_args()
    try:
        platform = open_platform(arguments)
        wait_for_turn(lambda: rollback(arguments, platform), wait=arguments.wait)
    except (DeliveryError, DeployError, ReleaseError, JobError) as error:
        sys.exit(f"rollback: {error}")
    except CLIENT_ERRORS as error:
        sys.exit(f"rollback: {error}\nRun the command again: it continues where it stopped.")


def create_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m scripts.rollback",
        description="Return to an earlier release: code, tables and images.",
    )
    add_arguments(parser)
    parser.add_argument(
        "--to", metavar="RELEASE", help="a release of ops.releases; default: the one before the newest"
    )
    only = parser.add_mutually_exclusive_group()
    only.add_argument(
        "--code-only", dest="scope", action="store_const", const="code", help="Dataform and images, no tables"
    )
    only.add_argument("--scope", choices=["all", "code", "data"], help="the same as a choice; default: all")
    only.add_argument(
        "--data-only",
        dest="scope",
        action="store_const",
        const="data",
        help="tables, no Dataform and no images",
    )
    parser.add_argument(
        "--if-unfinished",
        action="store_true",
        help="do nothing unless the newest release was begun and has not ended",
    )
    parser.add_argument("--reason", help="stored in ops.releases")
    parser.add_argument("--dry-run", action="store_true", help="print what would be done, and change nothing")
    add_wait(parser, "rollout or rollback")
    parser.set_defaults(scope="all")
    return parser


def rollback(arguments: argparse.Namespace, platform: Platform) -> None:
    if arguments.dry_run:
        plan = plan_rollback(platform, arguments.to or None, arguments.scope, arguments.reason)
        print(*describe(plan), "dry run: nothing was changed", sep="\n")
        return
    # Planned again inside: what a dry run has shown may have changed.
    with platform.lease("rollback"):
        if arguments.if_unfinished and not platform.log.has_unfinished():
            print("every release has ended; nothing to do")
            return
        plan = plan_rollback(platform, arguments.to or None, arguments.scope, arguments.reason)
        print(*describe(plan), sep="\n")
        carry_out(platform, plan)
        print(f"done      {plan.record.release} is live; undo it with: python -m scripts.rollback --env ENV")


def carry_out(platform: Platform, plan: Rollback) -> None:
    """Refused with nothing changed; DeliveryError if it was begun: a step's own error is only about that step."""
    try:
        execute(platform, plan)
    except Refused:
        raise
    except (DeliveryError, DeployError, JobError) as error:
        raise DeliveryError(
            f"{error}\n{plan.record.release} was begun and has not ended: some of its steps may be done, and schedules "
            "are paused. Run the command again: it continues where it stopped."
        ) from error


if __name__ == "__main__":
    main()
