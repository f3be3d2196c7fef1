"""ops.releases: a row for each state of a release. Append only; the last row of a release counts."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from datetime import UTC, datetime
from typing import Any, Literal

from google.api_core.exceptions import NotFound
from google.cloud import bigquery

from runtime.delivery import Refused

# watching: live, and judged by the first runs of the pipeline. kept: judged as bad, and could not be rolled back.
State = Literal["rolling out", "watching", "accepted", "rolled back", "kept", "failed"]
Scope = Literal["all", "code", "data"]
# A row of another kind is not a release: a rehearsal was never live, and a restore is a part of one.
READ = """
select * from ops.releases where logged_at >= timestamp '2020-01-01' and kind in ('rollout', 'rollback')
qualify row_number() over (partition by `release` order by logged_at desc) = 1
order by moment, `release`
"""
READ_REHEARSALS = """
select `release`, state, `commit`, moment, reason, rehearsal
from ops.releases
where logged_at >= timestamp_sub(current_timestamp(), interval 60 day) and kind = 'rehearsal'
order by logged_at
"""
JSON_COLUMNS = ("images", "columns", "schedules")


@dataclass(frozen=True)
class Release:
    """Columns of ops.releases, which describe themselves: modules/warehouse/ops/releases.json."""

    release: str
    state: str
    kind: str
    scope: str
    moment: datetime
    images: Mapping[str, str]
    columns: Mapping[str, list[str]]
    schedules: list[str]
    commit: str | None = None
    dataform_commit: str | None = None
    plan: str | None = None
    target: str | None = None
    reason: str | None = None

    @property
    def is_open(self) -> bool:
        """It was begun and has not ended: its process is running, or was killed."""
        return self.state == "rolling out"

    def ended(self, state: State, reason: str | None = None) -> "Release":
        return replace(self, state=state, reason=reason or self.reason)


@dataclass(frozen=True)
class Rehearsal:
    """`result` is the JSON of pipeline.rehearse.record: digest, changed_code, no_longer_written, runs."""

    release: str
    state: str
    commit: str | None
    moment: datetime
    reason: str | None
    result: Mapping[str, Any]


@dataclass(frozen=True)
class ReleaseLog:
    client: bigquery.Client

    def read(self) -> list[Release]:
        """Every release in the order of their beginning; Refused if the environment has no log."""
        return [parse(dict(row)) for row in self._rows(READ)]

    def read_rehearsals(self) -> list[Rehearsal]:
        """Those of the last 60 days, oldest first; Refused if the environment has no log."""
        return [parse_rehearsal(row) for row in self._rows(READ_REHEARSALS)]

    def _rows(self, sql: str) -> list[Mapping[str, Any]]:
        try:
            return list(self.client.query_and_wait(sql))
        except NotFound as error:
            raise Refused(
                f"{self.client.project} has no table ops.releases, so it is not set up for delivery; nothing was "
                "changed. Apply Terraform first: python -m scripts.deploy apply --env ENV"
            ) from error

    def has_unfinished(self) -> bool:
        releases = self.read()
        return bool(releases) and releases[-1].is_open

    def begin(self, release: Release, undone: str | None = None) -> None:
        """Append its first row; Refused if another release began before it and has not ended.

        Each of two that begin at once sees the other's row or is seen by it, so at most one of them continues.
        `undone` is the unfinished release that `release` undoes.
        """
        self.append(release)
        others = [
            each for each in self.read() if each.is_open and each.release not in (release.release, undone)
        ]
        first = min(others, key=lambda each: (each.moment, each.release), default=None)
        if first and (first.moment, first.release) < (release.moment, release.release):
            self.append(release.ended("failed", f"{first.release} began before it"))
            raise Refused(
                f"another rollout or rollback is in progress: {first.release} began before. Nothing was changed; wait "
                "until it has ended, then run this again."
            )

    def append(self, release: Release) -> None:
        """Sent again after a lost response it would be a second row with the same facts, which changes nothing."""
        values = encode(release)
        parameters = [
            bigquery.ScalarQueryParameter(name, "TIMESTAMP" if name == "moment" else "STRING", value)
            for name, value in values.items()
        ]
        names = ", ".join(f"`{name}`" for name in values)
        self.client.query_and_wait(
            f"insert into ops.releases ({names}, actor, logged_at) "
            f"values ({', '.join(f'@{name}' for name in values)}, session_user(), current_timestamp())",
            job_config=bigquery.QueryJobConfig(query_parameters=parameters),
        )

    def now(self) -> datetime:
        """By the clock of BigQuery, which time travel follows."""
        [row] = self.client.query_and_wait("select current_timestamp() as moment")
        moment: datetime = row["moment"]
        return moment


def parse(row: Mapping[str, Any]) -> Release:
    # Maps and lists are stored as JSON text, as BigQuery has no type for their keys.
    decoded = {name: json.loads(row[name]) for name in JSON_COLUMNS}
    return Release(**({field.name: row[field.name] for field in fields(Release)} | decoded))


def parse_rehearsal(row: Mapping[str, Any]) -> Rehearsal:
    values = {field.name: row[field.name] for field in fields(Rehearsal) if field.name != "result"}
    return Rehearsal(**values, result=json.loads(row["rehearsal"]))


def encode(release: Release) -> dict[str, Any]:
    values = {field.name: getattr(release, field.name) for field in fields(Release)}
    return values | {name: json.dumps(values[name], sort_keys=True) for name in JSON_COLUMNS}


def new_id(moment: datetime) -> str:
    return f"r{moment.astimezone(UTC):%Y%m%dT%H%M%S%f}"[:-3]


@dataclass(frozen=True)
class Undo:
    """What a rollback returns to: the code of `target`, and the data of `moment`, just before `first_undone`."""

    target: Release
    first_undone: Release
    moment: datetime


def choose(releases: list[Release], to: str | None) -> Undo:
    """The state before the newest release, or the last one at which `to` was live; Refused with the remedy."""
    live = [release for release in releases if release.state != "failed"]
    names = [release.release for release in live]
    if to is not None and to not in names:
        raise Refused(
            f"unknown release {to!r}; nothing was changed. Known: {', '.join(names[-5:]) or 'none'} (ops.releases)."
        )
    # A release needs one before it, whose code is returned to.
    if len(live) < 2:
        raise Refused(
            "no earlier release is recorded in ops.releases, so there is nothing to roll back to; nothing was changed. "
            "Deliver the commit that worked: git checkout COMMIT, then python -m scripts.rollout --env ENV"
        )
    position = names.index(to) if to is not None else len(live) - 2
    if position == len(live) - 1:
        raise Refused(f"{to} is the newest release; nothing was changed. Name an earlier one: {names[-2]}.")
    return Undo(live[position], live[position + 1], live[position + 1].moment)
