"""The end of a release that failed: withdrawn before anything was live, or rolled back after it."""

import sys
from typing import NoReturn

from runtime.delivery import DeliveryError, Refused
from runtime.delivery.releases import Release
from runtime.delivery.steps import execute, plan_rollback
from scripts.delivery.platform import Platform
from scripts.deploy.errors import DeployError

TERRAFORM_STAYS = " What Terraform applied stays: docs/runbooks/failed-apply.md."


class Withdrawn(Refused):
    """The release ended before anything was live."""


def withdraw(platform: Platform, record: Release, cause: DeployError) -> NoReturn:
    """Withdrawn: Terraform has changed nothing, and nothing else was begun."""
    platform.schedules.resume(record.schedules)
    platform.log.append(record.ended("failed", str(cause)[:1000]))
    raise Withdrawn(
        f"{cause}\n{record.release} ended before anything was live; nothing was changed."
    ) from cause


def undo(platform: Platform, record: Release, cause: Exception) -> NoReturn:
    """DeliveryError, once code, images and tables are as they were before `record`, or with what is not."""
    print(f"failed    {cause}\nrolling back", file=sys.stderr)
    try:
        what = roll_back(platform, f"{record.release} failed: {cause}"[:1000])
    except Refused as refusal:
        # A refusal states that nothing was changed, and of the rollback nothing was.
        raise DeliveryError(
            f"{record.release} failed and was not rolled back: {refusal}\nThe cause of the failure: {cause}"
        ) from cause
    terraform = TERRAFORM_STAYS if record.plan else ""
    raise DeliveryError(f"{record.release} failed and {what}{terraform} The cause: {cause}") from cause


def roll_back(platform: Platform, reason: str) -> str:
    """What is as before; Refused with nothing changed."""
    try:
        plan = plan_rollback(platform, None, "all", reason)
    except Refused as refusal:
        # The tables cannot be restored, for example because one was replaced, but the code can.
        execute(platform, plan_rollback(platform, None, "code", reason))
        return f"code and images are as before it, but not the tables: {refusal}"
    execute(platform, plan)
    return "was rolled back: code, images and tables are as before it."
