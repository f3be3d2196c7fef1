"""A restore: plan, checks, one transaction."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from pipeline.restore.diff import Diff, read_diff
from pipeline.restore.errors import OutsideTimeTravel, TableReplaced
from pipeline.restore.parts import CHECKPOINTS, Part, find_parts
from pipeline.restore.script import build_script
from pipeline.restore.warehouse import DATASETS, Table, Warehouse
from pipeline.restore.withdrawn import before_withdrawn_loads
from runtime.structured_log import StructuredLog


@dataclass(frozen=True)
class RestorePlan:
    """`rebuilt`: tables without checkpoints that changed since; their next run writes them again."""

    diff: Diff
    parts: Sequence[Part]
    rebuilt: Sequence[str]


def make_plan(
    warehouse: Warehouse, moment: datetime, now: datetime, new_tables: Collection[str] = ()
) -> RestorePlan:
    """OutsideTimeTravel or TableReplaced if the state at `moment` cannot be written.

    `new_tables` did not exist then. Their rows stay, without a checkpoint: older code does not read them, and
    the first run of a later release writes them from the beginning.
    """
    hours = warehouse.travel_hours()
    # Twice: the moment may move to before a load that was withdrawn, and then be too old.
    check_moment(moment, now, hours)
    moment = before_withdrawn_loads(warehouse, moment)
    check_moment(moment, now, hours)
    every = [table for dataset in DATASETS for table in warehouse.tables(dataset)]
    # For these FOR SYSTEM_TIME AS OF would be an error.
    tables = [table for table in every if table.name not in new_tables]
    check_existence(tables, moment)
    diff = read_diff(warehouse, moment, now)
    check_tables(tables, diff)
    parts = list(find_parts(warehouse, diff, tables))
    restored = {part.table.name for part in parts}
    companions = ("_rejects", "_days", "_changes", "file_reads", "checkpoints")
    return RestorePlan(
        diff,
        parts,
        [
            table.name
            for table in tables
            if table.created > moment and table.name not in restored and not table.name.endswith(companions)
        ],
    )


def check_moment(moment: datetime, now: datetime, hours: int) -> None:
    """OutsideTimeTravel for the future, and for more than `hours` before `now`."""
    oldest = now - timedelta(hours=hours)
    if moment > now:
        raise OutsideTimeTravel(f"{moment:%Y-%m-%d %H:%M:%S} UTC is in the future; nothing was changed.")
    if moment < oldest:
        raise OutsideTimeTravel(
            f"{moment:%Y-%m-%d %H:%M:%S} UTC is outside time travel, which reaches back to "
            f"{oldest:%Y-%m-%d %H:%M:%S} UTC; nothing was changed. Restore a day of the dataset snapshots, or "
            "roll back the code only and refresh the tables: docs/runbooks/roll-back.md"
        )


def check_existence(tables: Iterable[Table], moment: datetime) -> None:
    """TableReplaced for a moment before the first run of Dataform, as that before the first load of a project."""
    for table in tables:
        if table.name == CHECKPOINTS and table.created > moment:
            raise TableReplaced(
                f"{table.name} did not exist at {moment:%Y-%m-%d %H:%M:%S} UTC; nothing was changed. Take a load out "
                "by hand: docs/runbooks/break-glass.md, step 4"
            )


def check_tables(tables: Iterable[Table], diff: Diff) -> None:
    """Past rows of a table that was replaced may have other columns, and its key and partitions others too."""
    replaced = [table.name for table in tables if table.name in diff.days and table.created > diff.moment]
    if replaced:
        raise TableReplaced(
            f"{', '.join(sorted(replaced))} did not exist in this form at {diff.moment:%Y-%m-%d %H:%M:%S} UTC (created "
            "or replaced since); nothing was changed. Roll back the code only (--code-only), then write these tables "
            "again: python -m scripts.refresh --env ENV --table DATASET.TABLE"
        )


def restore(warehouse: Warehouse, plan: RestorePlan, log: StructuredLog, more: Sequence[str] = ()) -> None:
    """One transaction; RestoreFailed if nothing was changed, or UnknownOutcome."""
    if not plan.parts and not more:
        log("the warehouse is as it was at that moment; nothing to do")
        return
    warehouse.write(build_script(plan.diff, plan.parts, warehouse.locks(), more))
    log(f"restored {len(plan.parts)} parts", moment=plan.diff.moment.isoformat())


def describe(plan: RestorePlan) -> str:
    """One line a part, for the log of the job."""
    lines = [f"{part.table.name}: {part.extent}" for part in plan.parts]
    lines += [f"{name}: its next run writes it again" for name in plan.rebuilt]
    return "\n".join([f"restore to {plan.diff.moment.isoformat()}", *(lines or ["no table differs"])])
