"""A rollback, step by step. Every step writes a fixed state, so a process that was killed is followed by the same
command again: it finds its own unfinished row in ops.releases and continues with the same moment.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from google.cloud import bigquery

from runtime.delivery import DeliveryError
from runtime.delivery.checks import check_data, read_columns
from runtime.delivery.images import Images
from runtime.delivery.release_config import LiveRelease
from runtime.delivery.releases import Release, ReleaseLog, Scope, Undo, choose, new_id

CHECKPOINTS = "ods.checkpoints"


class RestoreJob(Protocol):
    """The only writer of ods and dmt beside Dataform."""

    def check(self) -> None: ...
    def restore(self, moment: datetime, new_tables: Sequence[str]) -> None: ...


class Schedules(Protocol):
    """What starts the pipeline."""

    def enabled(self) -> list[str]: ...
    def pause(self, names: Iterable[str]) -> None: ...
    def resume(self, names: Iterable[str]) -> None: ...


class Platform(Protocol):
    """The parts of an environment that a rollback changes."""

    @property
    def bigquery(self) -> bigquery.Client: ...
    @property
    def live(self) -> LiveRelease: ...
    @property
    def log(self) -> ReleaseLog: ...
    @property
    def images(self) -> Images: ...
    @property
    def schedules(self) -> Schedules: ...
    @property
    def restore_job(self) -> RestoreJob: ...


@dataclass(frozen=True)
class Rollback:
    """`record` is its row of ops.releases; `is_resumed`: an earlier process wrote it."""

    undo: Undo
    record: Release
    is_resumed: bool


def plan_rollback(platform: Platform, to: str | None, scope: Scope, reason: str | None) -> Rollback:
    """Refused with nothing changed, if it cannot be done."""
    # Everything that can be refused is checked before the first row is written.
    platform.restore_job.check()
    releases = platform.log.read()
    resumed = find_unfinished(releases, to)
    # Without the unfinished rollback itself, which would count as the newest release.
    earlier = releases[: releases.index(resumed)] if resumed else releases
    undo = choose(earlier, resumed.target if resumed else to)
    if resumed:
        return Rollback(undo, resumed, is_resumed=True)
    now = platform.log.now()
    if scope != "code":
        check_data(platform.bigquery, undo.moment, now, undo.first_undone.columns)
    live = platform.live.commit()
    images = platform.images.read()
    record = Release(
        release=new_id(now),
        state="rolling out",
        kind="rollback",
        scope=scope,
        moment=now,
        images=images
        if scope == "data"
        else {job: undo.target.images.get(job, images[job]) for job in images},
        columns=read_columns(platform.bigquery),
        schedules=undone_schedules(releases, platform.schedules.enabled()),
        commit=undo.target.commit,
        dataform_commit=live if scope == "data" else undo.target.dataform_commit,
        target=undo.target.release,
        reason=reason,
    )
    return Rollback(undo, record, is_resumed=False)


def find_unfinished(releases: list[Release], to: str | None) -> Release | None:
    """A rollback that was begun and has not ended; DeliveryError if it has another target."""
    if not releases or not (releases[-1].is_open and releases[-1].kind == "rollback"):
        return None
    newest = releases[-1]
    if to not in (None, newest.target):
        raise DeliveryError(
            f"the rollback {newest.release} to {newest.target} has not ended. Finish it first: "
            f"python -m scripts.rollback --env ENV --to {newest.target}"
        )
    return newest


def undone_schedules(releases: list[Release], enabled: list[str]) -> list[str]:
    """Those to start at the end: also what a rollout that was killed had paused."""
    paused = releases[-1].schedules if releases and releases[-1].is_open else []
    return sorted({*enabled, *paused})


def describe(rollback: Rollback) -> Iterator[str]:
    """What will be done, for people."""
    record, undo = rollback.record, rollback.undo
    verb = "resume rollback" if rollback.is_resumed else "rollback"
    yield f"{verb} to {undo.target.release}, undoing {undo.first_undone.release}"
    if record.scope != "data":
        commit = (record.dataform_commit or "unknown")[:12]
        yield f"  code      dataform {commit}, as of commit {undo.target.commit or 'unknown'}"
        yield from (f"  image     {job}: {image}" for job, image in sorted(record.images.items()))
    if record.scope != "code":
        yield f"  data      ods, dmt and ods.checkpoints as of {undo.moment:%Y-%m-%d %H:%M:%S.%f} UTC; raw stays"
    paused = ", ".join(name.rpartition("/")[2] for name in record.schedules)
    yield f"  schedules paused meanwhile: {paused or 'none'}"


def execute(platform: Platform, rollback: Rollback) -> None:
    """The code first: a run in between would be undone by the restore, and by good code."""
    record, undo = rollback.record, rollback.undo
    if not rollback.is_resumed:
        # The row first: from here on a process that is killed leaves a trace of what it had begun.
        platform.log.begin(record, undo.first_undone.release)
    # Runs would write with the old code while tables are restored.
    platform.schedules.pause(record.schedules)
    if record.scope != "data":
        if record.dataform_commit:
            # Compiled before it is promoted: a commit that does not compile any more changes nothing.
            platform.live.compile_commit(record.dataform_commit)
            platform.live.promote(record.dataform_commit)
        platform.images.set(record.images)
    if record.scope != "code":
        restore_data(platform, undo)
    # Before the last row: a process that ends in between is followed by one that still knows what to start.
    platform.schedules.resume(record.schedules)
    if undo.first_undone.state != "rolled back":
        platform.log.append(undo.first_undone.ended("rolled back", f"by {record.release}"))
    # Last: with this row the rollback counts as ended.
    platform.log.append(record.ended("accepted"))


def restore_data(platform: Platform, undo: Undo) -> None:
    """The tables that existed then; the others keep their rows, which older code does not read."""
    before = undo.first_undone.columns
    if CHECKPOINTS not in before:
        return  # no table existed then
    new_tables = sorted(read_columns(platform.bigquery).keys() - before.keys())
    platform.restore_job.restore(undo.moment, new_tables)
