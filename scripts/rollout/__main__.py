"""python -m scripts.rollout --env ENV [--plan FILE] [--images FILE]

Applies exactly the saved plan, sets the images by digest, makes the folder dataform/ live and runs it once. If a step
fails, code, images and tables are rolled back. Terraform's changes are not: they are a plan of the commit before.
The next runs of the pipeline watch the release and roll it back if it is bad. Run again after an interruption: what was
begun is undone first.
"""

import argparse
import json
import sys
from collections.abc import Callable
from pathlib import Path

from runtime.delivery import DeliveryError, Refused, ReleaseError
from runtime.delivery.releases import Release, State
from runtime.errors import JobError
from runtime.google_errors import CLIENT_ERRORS
from scripts.delivery.images import images_by_job
from scripts.delivery.platform import Platform, open_platform
from scripts.delivery.turns import add_wait, wait_for_turn
from scripts.deploy.__main__ import apply_saved
from scripts.deploy.checkout import check_merged
from scripts.deploy.environment import Environment
from scripts.deploy.errors import ApplyFailed, DeployError
from scripts.exits import exit_with_message
from scripts.rehearse.text import format_rehearsal
from scripts.release.__main__ import Allowed, release, write_changed
from scripts.release.folder import digest_of_files, read_files, read_origin
from scripts.release.invocation import Runner
from scripts.release.repository import Repository
from scripts.release.target import add_arguments
from scripts.rollout.start import begin
from scripts.rollout.undo import Withdrawn, undo, withdraw

ERRORS = (DeliveryError, DeployError, ReleaseError, JobError, *CLIENT_ERRORS)
FIRST_RUN = "hourly"  # the tag of the actions that a first run executes


@exit_with_message("rollout", "Undo what was begun: python -m scripts.rollback --env ENV --if-unfinished")
def main() -> None:
    arguments = create_parser().parse_args()
    try:
        check_commit(arguments)
        platform = open_platform(arguments)
        wait_for_turn(lambda: locked_rollout(arguments, platform), wait=arguments.wait)
    except (Refused, DeployError) as error:
        sys.exit(f"rollout: {error}")
    except ERRORS as error:
        sys.exit(
            f"rollout: {error}\nIf it has not ended, undo it: python -m scripts.rollback --env ENV --if-unfinished"
        )


def create_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m scripts.rollout", description="Deliver a commit; roll back if its first run fails."
    )
    add_arguments(parser)
    add = parser.add_argument
    add(
        "--plan",
        type=Path,
        metavar="FILE",
        help="a plan of scripts.deploy plan --out; it is applied as it is",
    )
    add("--images", type=Path, metavar="FILE", help='JSON: {"connector": "REGISTRY/NAME@sha256:…", …}')
    add_wait(parser, "rollout or rollback")
    add("--unwatched", action="store_true", help="accept it at once: its rows are meant to differ")
    add("--folder", type=Path, default=Path("dataform"), help="default: %(default)s")
    return parser


def locked_rollout(arguments: argparse.Namespace, platform: Platform) -> None:
    with platform.lease("rollout"):
        rollout(arguments, platform)


def rollout(arguments: argparse.Namespace, platform: Platform) -> None:
    """DeliveryError after a rollback, or Refused before anything changed."""
    images = read_images(arguments.images)
    if arguments.plan and not arguments.env:
        raise Refused("--plan needs --env, which names the environment of the plan; nothing was changed.")
    show_rehearsal(platform, arguments.folder)
    record = begin(arguments, platform, images)
    print(f"release   {record.release} of commit {record.commit or 'unknown'}")
    try:
        platform.schedules.pause(record.schedules)
        apply_plan(arguments, platform, record)
        deliver(arguments, platform, images)
    except Withdrawn:
        raise
    except ERRORS as error:
        # Never returns: the schedules are resumed by the rollback.
        undo(platform, record, error)
    platform.schedules.resume(record.schedules)
    state: State = "accepted" if arguments.unwatched else "watching"
    platform.log.append(record.ended(state))
    print(f"{state:<9} {record.release}; undo it with: python -m scripts.rollback --env ENV")


def check_commit(arguments: argparse.Namespace) -> None:
    """NotMerged in a protected environment: what was not reviewed is not delivered."""
    if arguments.env and (environment := Environment.load(arguments.env)).protected:
        check_merged(environment.folder, environment.name)


def read_images(path: Path | None) -> dict[str, str]:
    """By job; Refused for a file that is not JSON of images by digest."""
    if path is None:
        return {}
    try:
        return images_by_job(dict(json.loads(path.read_text())))
    except (OSError, ValueError, TypeError) as error:
        raise Refused(f"{path} is not JSON of images by name: {error}; nothing was changed.") from error


def show_rehearsal(platform: Platform, folder: Path) -> None:
    """What was rehearsed of exactly these files. Refused if it failed; not if it was not rehearsed."""
    files_digest = digest_of_files(read_files(folder))
    newest = [each for each in platform.log.read_rehearsals() if each.result["digest"] == files_digest][-1:]
    if not newest:
        print("rehearsal none of this code; see what it would change: python -m scripts.rehearse --env ENV")
    for rehearsal in newest:
        if rehearsal.state == "failed":
            raise Refused(
                f"the rehearsal of this code failed; nothing was changed. {rehearsal.reason}\n"
                "Correct the code, or rehearse it again if the reason is gone: python -m scripts.rehearse --env ENV"
            )
        print(*format_rehearsal(rehearsal), sep="\n")


def apply_plan(
    arguments: argparse.Namespace,
    platform: Platform,
    record: Release,
    apply: Callable[[str, Path], None] = apply_saved,
) -> None:
    """Terraform first: an update of a job sends its whole definition, and the images come after it.

    ApplyFailed if a part of the plan may be applied, Withdrawn if nothing of it is.
    """
    if not arguments.plan:
        return
    try:
        apply(arguments.env, arguments.plan)
    except ApplyFailed:
        raise
    except DeployError as error:
        withdraw(platform, record, error)


def deliver(arguments: argparse.Namespace, platform: Platform, images: dict[str, str]) -> None:
    platform.images.set(images)
    repository = Repository(platform.dataform, platform.target.repository)
    files, origin = read_files(arguments.folder), read_origin(arguments.folder)
    # Without a refresh: a replaced table cannot be restored (docs/adr/0016).
    changes = release(repository, platform.live, files, origin, platform.bigquery, Allowed())
    # Columns of tables that others fill, and keys: the first run would fail without them.
    write_changed(platform.live, platform.target, platform.bigquery, changes)
    result = platform.live.current_result()
    assert result is not None
    runner = Runner(
        platform.dataform, platform.target.repository, result.name, platform.target.service_account
    )
    # The first run is part of the delivery: a wrong formula is noticed while it can be rolled back.
    runner.run_tag(FIRST_RUN)
    print(f"first run the actions tagged {FIRST_RUN} succeeded")


if __name__ == "__main__":
    main()
