"""A release that the pipeline found bad is rolled back: once, and not past a changed schema.

The steps are those of scripts.rollback, and so is the row of ops.releases: whichever of the two runs after a process
that was killed continues with the same moment. The pipeline's lease is held from the first step to the last, so no run
can be active in between and schedules need not be paused.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from pipeline.restore.errors import NotRolledBack
from pipeline.watch import AUTOMATIC
from runtime.delivery import Refused
from runtime.delivery.releases import Release
from runtime.delivery.steps import Platform, Rollback, describe, execute, plan_rollback
from runtime.structured_log import StructuredLog


class NoSchedules:
    """A run that is started while the lease is held ends at once."""

    def enabled(self) -> list[str]:
        return []

    def pause(self, names: Iterable[str]) -> None:
        pass

    def resume(self, names: Iterable[str]) -> None:
        pass


@dataclass(frozen=True)
class RestoreInProcess:
    """This process is the job."""

    restore_to: Callable[[datetime, Sequence[str]], None]

    def check(self) -> None:
        pass

    def restore(self, moment: datetime, new_tables: Sequence[str]) -> None:
        self.restore_to(moment, new_tables)


def find_release(releases: Sequence[Release], name: str | None) -> Release | None:
    """The newest release, if it is `name` and still watched, or if it is a rollback of the pipeline that has not
    ended; None if there is nothing to do.
    """
    live = [release for release in releases if release.state != "failed"]
    if not live:
        return None
    newest = live[-1]
    if newest.is_open and newest.kind == "rollback" and (newest.reason or "").startswith(AUTOMATIC):
        return newest
    return newest if newest.release == name and newest.state == "watching" else None


def roll_back(
    platform: Platform, release: Release, reason: str, log: StructuredLog, *, dry_run: bool
) -> None:
    """NotRolledBack, with code, images and tables as they are, if the release cannot be undone."""
    try:
        plan = plan_automatic(platform, release, reason)
    except Refused as refusal:
        if not dry_run:
            platform.log.append(release.ended("kept", f"bad: {reason}; not rolled back: {refusal}"[:1000]))
        raise NotRolledBack(f"{release.release} is bad and stays live: {refusal}") from refusal
    log("\n".join(describe(plan)))
    if not dry_run:
        execute(platform, plan)
        log(
            f"{plan.record.release} is live; undo it with: python -m scripts.rollback --env ENV",
            watch="rolled back",
        )


def plan_automatic(platform: Platform, release: Release, reason: str) -> Rollback:
    plan = plan_rollback(platform, None, "all", f"{AUTOMATIC}{reason}"[:1000])
    if plan.undo.target.dataform_commit is None:
        raise Refused(f"no code was live before {release.release}, so nothing can be returned to")
    return plan
