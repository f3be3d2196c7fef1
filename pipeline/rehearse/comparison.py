"""Rows of a live table and of its clone, counted per day: added, removed, changed.

Rows are equal if their visible columns are; those about their file and load are not compared. A row whose day
changed is removed from one and added to the other. Without a key every difference is a removed and an added row.
"""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import date, datetime
from typing import Any

from pipeline.rehearse.models import Model
from pipeline.rehearse.tables import LINEAGE, Table, Warehouse, clone_of
from runtime.clones import as_of

COMPARE = """
with before as ({before}), after as ({after})
select
  ifnull(after.day, before.day) as day,
  sum(ifnull(before.n, 0)) as before,
  sum(ifnull(after.n, 0)) as after,
  sum(greatest(ifnull(after.n, 0) - ifnull(before.n, 0), 0)) as added,
  sum(greatest(ifnull(before.n, 0) - ifnull(after.n, 0), 0)) as removed,
  countif(after.content != before.content) as changed
from before
full join after on after.id = before.id
group by 1
order by 1
"""
ROWS = """
  select id, day, count(*) as n, min(content) as content
  from (
    select
      {day} as day,
      to_json_string(struct({day} as rehearsed_day, {key})) as id,
      to_json_string(struct({columns})) as content
    from {source}
    where {where}
  )
  group by id, day
"""
NO_ROWS = "select '' as id, cast(null as date) as day, 0 as n, '' as content from (select 1) where false"
COUNT = """
select
  (select count(*) from {table}{as_of} where {where}) as before,
  (select count(*) from {clone} where {where}) as after
"""


@dataclass(frozen=True)
class Day:
    """A table without days has one `day`, None; `before` and `after` are the numbers of its rows."""

    day: str | None
    before: int
    after: int
    added: int
    removed: int
    changed: int


@dataclass(frozen=True)
class Columns:
    """Each as `name TYPE`; a changed one as `name TYPE to TYPE`."""

    added: list[str]
    removed: list[str]
    changed: list[str]


@dataclass(frozen=True)
class TableDiff:
    """`days`: those that a run touched, also without a difference: they are the band that a first run should meet."""

    table: str
    is_new: bool
    columns: Columns
    days: list[Day]

    @property
    def is_empty(self) -> bool:
        columns = self.columns.added or self.columns.removed or self.columns.changed
        return not (
            self.is_new or columns or any(day.added or day.removed or day.changed for day in self.days)
        )

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


def compare_columns(before: Table | None, after: Table) -> Columns:
    old = before.columns if before else {}
    new = after.columns
    return Columns(
        [f"{name} {kind}" for name, kind in new.items() if name not in old],
        [f"{name} {kind}" for name, kind in old.items() if name not in new],
        [f"{name} {old[name]} to {kind}" for name, kind in new.items() if old.get(name, kind) != kind],
    )


def compare(
    warehouse: Warehouse,
    tables: tuple[Table | None, Table],
    model: Model | None,
    moment: datetime,
    touched: Iterable[date] | None,
) -> TableDiff:
    """`tables`: as it was live at `moment`, None for a new one, and its clone. `touched`: None for all days."""
    before, after = tables
    rows = compare_rows(warehouse, tables, model, moment, touched)
    if touched is not None and before and not explains(warehouse, before, rows, moment):
        rows = compare_rows(warehouse, tables, model, moment, None)
    return TableDiff(after.name, before is None, compare_columns(before, after), rows)


def compare_rows(
    warehouse: Warehouse,
    tables: tuple[Table | None, Table],
    model: Model | None,
    moment: datetime,
    touched: Iterable[date] | None,
) -> list[Day]:
    before, after = tables
    layout = before or after  # days and partitions: those of the live table, which the filter has to fit
    columns = [name for name in after.columns if not name.startswith(LINEAGE)]
    shared = [name for name in columns if before is None or name in before.columns]
    key = [name for name in (model.key if model else ()) if name in shared] or shared
    where = layout.where if touched is None else in_days(layout.day, touched)
    live = select(layout, source_of(before, moment), key, shared, where) if before else NO_ROWS
    sql = COMPARE.format(before=live, after=select(layout, clone_of(layout.name), key, shared, where))
    return [read_day(row) for row in warehouse.rows(sql)]


def source_of(table: Table, moment: datetime) -> str:
    """What a FROM names for the rows of a table or view at the moment."""
    return f"({table.query})" if table.query else f"{table.name}{as_of(moment)}"


def select(table: Table, source: str, key: list[str], columns: list[str], where: str) -> str:
    return ROWS.format(
        day=table.day or "cast(null as date)",
        key=", ".join(key),
        columns=", ".join(columns),
        source=source,
        where=where,
    )


def in_days(day: str, days: Iterable[date]) -> str:
    listed = ", ".join(f"date '{each}'" for each in sorted(days))
    return f"{day} in ({listed})" if listed else f"{day} = date '0001-01-01'"


def read_day(row: Mapping[str, Any]) -> Day:
    day = row["day"]
    counts = (int(row[name] or 0) for name in ("before", "after", "added", "removed", "changed"))
    return Day(str(day) if day else None, *counts)


def explains(warehouse: Warehouse, table: Table, days: list[Day], moment: datetime) -> bool:
    """Whether the compared days contain every new and removed row: a candidate may write days without a checkpoint."""
    [total] = warehouse.rows(
        COUNT.format(table=table.name, clone=clone_of(table.name), as_of=as_of(moment), where=table.where)
    )
    return bool(total["after"] - total["before"] == sum(day.added - day.removed for day in days))
