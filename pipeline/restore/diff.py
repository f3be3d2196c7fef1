"""What changed between a moment and now: rows of ods.checkpoints that only one of the two has.

A run adds one row per table that it changed, in the transaction of the change, and a restore makes the rows those of
its moment. So two states of the warehouse differ only in the days that such rows name - also when the moment lies on
the other side of an earlier restore, which is how a rollback is rolled back.
"""

import re
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

from pipeline.restore.warehouse import Warehouse

# As in dataform/includes/checkpoints.js: older rows count for no table, and their partitions expire.
LOOKBACK = timedelta(days=90)
NEVER = datetime(1970, 1, 1, tzinfo=UTC)
# What follows the name of a table: days left for its next run, a request to read raw again, a list that was replaced, a
# row that it has read.
SUFFIX = re.compile(r"( read .*| \(rest\)| \(again\)| \(refreshed\))$")

# One row a name and time: a script may write two in one instant.
CHECKPOINTS = """
with past as (
  select table_name, written_at, seen_until, touched_days
  from ods.checkpoints for system_time as of {moment}
  where written_at >= {floor}
  qualify row_number() over (partition by table_name, written_at) = 1
),
present as (
  select table_name, written_at, seen_until, touched_days
  from ods.checkpoints
  where written_at >= {floor}
  qualify row_number() over (partition by table_name, written_at) = 1
)
select
  ifnull(present.table_name, past.table_name) as table_name,
  ifnull(present.written_at, past.written_at) as written_at,
  ifnull(present.seen_until, past.seen_until) as seen_until,
  if(present.table_name is null, past.touched_days, present.touched_days) as touched_days,
  present.table_name is not null and past.table_name is not null as is_common,
  present.table_name is not null as is_present
from present
full join past on past.table_name = present.table_name and past.written_at = present.written_at
"""


@dataclass(frozen=True)
class Diff:
    """`days` by table that a run has changed on either side, an empty set for tables without days.

    `since`: no table had read raw beyond it at the last common state. `first`: the oldest differing checkpoint.
    `present`: checkpoints now, from `floor` on.
    """

    moment: datetime
    floor: datetime
    days: Mapping[str, frozenset[date]]
    since: datetime
    first: datetime | None
    present: int


def read_diff(warehouse: Warehouse, moment: datetime, now: datetime) -> Diff:
    floor = now - LOOKBACK
    rows = warehouse.rows(CHECKPOINTS.format(moment=literal(moment), floor=literal(floor)))
    days: dict[str, set[date]] = defaultdict(set)
    for row in rows:
        if not row["is_common"]:
            # NULL for tables without days, which are restored as a whole.
            days[table_of(row)].update(row["touched_days"] or ())
    return Diff(
        moment,
        floor,
        {table: frozenset(touched) for table, touched in days.items()},
        min((watermark(rows, table) for table in days), default=now),
        min((row["written_at"] for row in rows if not row["is_common"]), default=None),
        sum(bool(row["is_present"]) for row in rows),
    )


def table_of(row: Mapping[str, Any]) -> str:
    return SUFFIX.sub("", str(row["table_name"]))


def watermark(rows: list[Mapping[str, Any]], table: str) -> datetime:
    """How far `table` had read at the last state that both sides share."""
    common = [row for row in rows if row["is_common"] and row["table_name"] == table]
    newest = max(common, key=lambda row: row["written_at"], default=None)
    # Without a common state everything that raw has may differ.
    return newest["seen_until"] if newest else NEVER


def literal(moment: datetime) -> str:
    """A constant: BigQuery accepts nothing else after FOR SYSTEM_TIME AS OF in a script."""
    return f"timestamp '{moment.astimezone(UTC).strftime('%Y-%m-%d %H:%M:%S.%f')}+00:00'"
