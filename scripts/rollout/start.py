"""The row of a release, written before anything changes, and what must be true by then."""

import argparse
import hashlib
from pathlib import Path

from runtime.delivery import Refused
from runtime.delivery.checks import read_columns
from runtime.delivery.releases import Release, new_id
from runtime.delivery.steps import execute, plan_rollback
from scripts.delivery.platform import Platform
from scripts.deploy.environment import FOLDER
from scripts.deploy.plan_origin import check_origin
from scripts.release.folder import read_files, read_origin
from scripts.release.repository import Repository, compare_files


def begin(arguments: argparse.Namespace, platform: Platform, images: dict[str, str]) -> Release:
    """The row of the release, written before anything changes."""
    # Refused before anything changes: without this job the tables could not be rolled back.
    platform.restore_job.check()
    origin = read_origin(arguments.folder)
    if origin.is_dirty:
        raise Refused(
            f"{arguments.folder} differs from its commit; nothing was changed. Commit it, or: git stash -u"
        )
    files, plan = read_files(arguments.folder), digest(arguments.plan, arguments.env)
    releases = close_earlier(platform)
    before = platform.images.read()
    if not releases:
        # Without it the first rollout would have nothing to return to.
        platform.log.append(baseline(platform, before))
    now = platform.log.now()
    record = Release(
        release=new_id(now),
        state="rolling out",
        kind="rollout",
        scope="all",
        moment=now,
        images={**before, **images},
        columns=read_columns(platform.bigquery),
        schedules=platform.schedules.enabled(),
        commit=origin.commit,
        dataform_commit=commit_files(platform, files, arguments.folder),
        plan=plan,
    )
    platform.log.begin(record)
    return record


def close_earlier(platform: Platform) -> list[Release]:
    """What a killed process began is undone; a release that is being watched is accepted."""
    releases = platform.log.read()
    if releases and releases[-1].is_open:
        print(f"undo      {releases[-1].release} was begun and has not ended: its process was killed")
        execute(platform, plan_rollback(platform, None, "all", "its process was killed"))
        return platform.log.read()
    if releases and releases[-1].state == "watching":
        platform.log.append(releases[-1].ended("accepted", "the next release was begun"))
    return releases


def baseline(platform: Platform, images: dict[str, str]) -> Release:
    """What was live before the first rollout, so that it can be returned to."""
    now = platform.log.now()
    return Release(
        release=new_id(now),
        state="accepted",
        kind="rollout",
        scope="all",
        moment=now,
        images=images,
        columns={},
        schedules=[],
        dataform_commit=platform.live.commit(),
        reason="what was live before the first rollout",
    )


def commit_files(platform: Platform, files: dict[str, bytes], folder: Path) -> str:
    """The commit of the Dataform repository with these files; it is not live yet."""
    repository = Repository(platform.dataform, platform.target.repository)
    head = repository.head_commit()
    operations = compare_files(repository.read_files(head), files)
    return repository.commit(operations, head, read_origin(folder)) if operations else head


def digest(plan: Path | None, env: str | None) -> str | None:
    """WrongPlan if the file is missing, cut, or of another commit."""
    if plan is None or env is None:
        return None
    check_origin(plan, FOLDER, env)
    return hashlib.sha256(plan.read_bytes()).hexdigest()
