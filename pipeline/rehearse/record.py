"""The row of ops.releases that a rehearsal ends with: its only result."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from pipeline.rehearse.rehearsal import Result

KIND = "rehearsal"
INSERT = """
insert into ops.releases (
  `release`, state, kind, scope, `commit`, images, moment, columns, schedules, reason, rehearsal, actor, logged_at
)
values (
  @release, @state, 'rehearsal', 'code', nullif(@commit, ''), '{}', timestamp(@moment), '{}', '[]',
  nullif(@reason, ''), @rehearsal, session_user(), current_timestamp()
)
"""
Execute = Callable[[str, Mapping[str, str]], object]  # SQL and its parameters


@dataclass(frozen=True)
class Candidate:
    """`release`: the id of the row. `digest`: of the files that were compiled; `commit` is empty outside Git."""

    release: str
    commit: str
    digest: str


def write_record(execute: Execute, candidate: Candidate, result: Result) -> None:
    values = {
        "release": candidate.release,
        "state": "failed" if result.failure else "rehearsed",
        "commit": candidate.commit,
        "moment": result.moment.isoformat(),
        "reason": result.failure or "",
        "rehearsal": json.dumps({"digest": candidate.digest, **result.to_json()}),
    }
    execute(INSERT, values)
