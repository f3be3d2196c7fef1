"""How a start of the job `restore` by a command ended: a row of ops.releases of the kind `restore`.

Of an unload, and of a rollback that failed. The command prints it: the identity of a person or of a workflow may read
this table, and not the job's log.
"""

from dataclasses import dataclass
from typing import Literal

from google.cloud import bigquery

# Of the job, by the command that starts it. Not an argument, which the image of an earlier release would refuse.
OUTCOME_VARIABLE = "OUTCOME_ID"
INSERT = """
insert into ops.releases (
  `release`, state, kind, scope, images, moment, columns, schedules, reason, actor, logged_at
)
values (
  @release, @state, 'restore', 'data', '{}', current_timestamp(), '{}', '[]', @reason, session_user(),
  current_timestamp()
)
"""
READ = """
select state, reason
from ops.releases
where logged_at >= timestamp_sub(current_timestamp(), interval 2 day) and `release` = @release and kind = 'restore'
order by logged_at desc
limit 1
"""


@dataclass(frozen=True)
class Outcome:
    """`text`: what was planned and done, a line each, or the reason of a failure."""

    state: Literal["done", "failed"]
    text: str


@dataclass(frozen=True)
class OutcomeLog:
    client: bigquery.Client

    def write(self, name: str, outcome: Outcome) -> None:
        self._query(INSERT, release=name, state=outcome.state, reason=outcome.text)

    def read(self, name: str) -> Outcome | None:
        """None if the job ended before it could write one, or its image is older than this table's kind."""
        for row in self._query(READ, release=name):
            return Outcome(row["state"], row["reason"])
        return None

    def _query(self, sql: str, **parameters: str) -> bigquery.table.RowIterator:
        values = [bigquery.ScalarQueryParameter(name, "STRING", value) for name, value in parameters.items()]
        return self.client.query_and_wait(sql, job_config=bigquery.QueryJobConfig(query_parameters=values))
