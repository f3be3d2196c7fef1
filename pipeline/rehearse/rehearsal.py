"""A rehearsal: clone, run the candidate, compare, drop the clones.

Two runs, because they show different things. The next run is what a rollout starts: incremental, on the tables and
checkpoints as they are; it shows SQL that fails on existing tables, and writes only days with new rows. Then tables
whose code changed are written again from the beginning: only this shows what a formula does to rows that exist.
"""

import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Literal, Protocol

from google.cloud import dataform_v1 as api

from pipeline.errors import WorkflowFailed
from pipeline.rehearse.comparison import TableDiff, compare
from pipeline.rehearse.models import Model, changed_models, check_candidate, with_dependents
from pipeline.rehearse.tables import CLONED, Table, Warehouse, clone_of, rehearsed
from pipeline.rehearse.views import Views
from runtime.clones import clone_tables
from runtime.structured_log import StructuredLog

QUIET_SECONDS = 3.0
LONGEST_DROP_SECONDS = 8.0  # Cloud Run kills a task 10 s after SIGTERM
Run = Literal["next run", "written again"]
TOUCHED = """
select table_name, day
from {checkpoints}, unnest(touched_days) as day
where written_at >= {moment}
group by table_name, day
"""


class Dataform(Protocol):
    """pipeline.rehearse.workflow.Workflow."""

    def models(self, result: str) -> dict[str, Model]: ...
    def live_models(self) -> dict[str, Model]: ...
    def run(self, result: str, targets: Iterable[api.Target], *, full_refresh: bool) -> None: ...
    def cancel(self) -> None: ...


@dataclass(frozen=True)
class Extent:
    """What a run wrote: tables of which all days are compared, and those that are compared, None for all.

    `views`: those that are compared. Others differ only as the tables that they read, which are compared.
    """

    whole: frozenset[str]
    only: frozenset[str] | None
    views: frozenset[str]


@dataclass(frozen=True)
class Result:
    """`failure`: why the candidate could not be run to its end; then `runs` has only those before it."""

    moment: datetime
    changed: list[str]
    unwritten: list[str]
    runs: dict[Run, list[TableDiff]]
    failure: str | None = None

    def to_json(self) -> dict[str, Any]:
        runs = [
            {"run": run, "tables": [diff.to_json() for diff in diffs]} for run, diffs in self.runs.items()
        ]
        return {
            "moment": self.moment.isoformat(),
            "changed_code": self.changed,
            "no_longer_written": self.unwritten,
            "runs": runs,
        }


@dataclass
class Rehearsal:
    warehouse: Warehouse
    dataform: Dataform
    log: StructuredLog
    sleep: Callable[[float], object] = time.sleep
    clock: Callable[[], float] = time.monotonic

    def run(self, result: str, *, incremental_only: bool) -> Result:
        """Clones exist only in here; those of a rehearsal that was killed are dropped first."""
        self.drop("left by an earlier rehearsal")
        try:
            outcome = self.rehearse(result, incremental_only)
        except BaseException:
            self.dataform.cancel()
            self.drop_until_quiet()
            raise
        self.drop("of this rehearsal")
        return outcome

    def drop(self, which: str) -> int:
        if dropped := self.warehouse.drop_clones():
            self.log(f"dropped {dropped} tables and views {which}")
        return dropped

    def drop_until_quiet(self) -> None:
        """A statement that was sent before this process was stopped may still create a table after the drop."""
        begin = last = self.clock()
        while self.clock() - last < QUIET_SECONDS and self.clock() - begin < LONGEST_DROP_SECONDS:
            if self.drop("of this rehearsal, which did not end"):
                last = self.clock()
            self.sleep(QUIET_SECONDS / 10)

    def rehearse(self, result: str, incremental_only: bool) -> Result:
        models, live_models = self.dataform.models(result), self.dataform.live_models()
        check_candidate(models.values())
        [now] = self.warehouse.rows("select current_timestamp() as moment")
        moment: datetime = now["moment"]
        live = self.live_state(moment)
        for base in CLONED:
            count = len(list(clone_tables(self.warehouse.client, base, rehearsed(base), moment)))
            self.log(f"cloned {count} tables of {base}", moment=moment.isoformat())
        changed = changed_models(models, live_models)
        outcome = Result(moment, [model.name for model in changed], sorted(live.keys() - models.keys()), {})
        views = frozenset(model.name for model in changed if model.is_view)
        steps: list[tuple[Run, Callable[[], Extent]]] = [
            ("next run", lambda: self.run_next(result, models, live, views))
        ]
        if not incremental_only and has_old_rows(models, changed, live):
            steps.append(("written again", lambda: self.write_again(result, models, changed)))
        return self.run_steps(outcome, steps, models, live)

    def run_steps(
        self,
        outcome: Result,
        steps: Iterable[tuple[Run, Callable[[], Extent]]],
        models: Mapping[str, Model],
        live: Mapping[str, Table],
    ) -> Result:
        for run, step in steps:
            self.log(run)
            try:
                extent = step()
            except WorkflowFailed as error:
                return Result(
                    outcome.moment, outcome.changed, outcome.unwritten, outcome.runs, f"{run}: {error}"
                )
            outcome.runs[run] = self.compare_all(models, live, outcome.moment, extent)
        return outcome

    def live_state(self, moment: datetime) -> dict[str, Table]:
        """Tables and views, by name."""
        tables = self.warehouse.tables(cloned=False)
        return tables | Views(self.warehouse).live(moment, tables)

    def run_next(
        self, result: str, models: Mapping[str, Model], live: Mapping[str, Table], views: frozenset[str]
    ) -> Extent:
        """As the pipeline runs it; tables whose columns changed are replaced, as scripts.release --refresh does."""
        replaced = [
            model
            for name, model in models.items()
            if model.is_table and name in live and model.columns != live[name].columns.keys()
        ]
        if replaced:
            self.dataform.run(result, [model.target for model in replaced], full_refresh=True)
        self.dataform.run(result, [model.target for model in models.values()], full_refresh=False)
        return Extent(frozenset(model.name for model in replaced), None, views)

    def write_again(self, result: str, models: Mapping[str, Model], changed: list[Model]) -> Extent:
        names = with_dependents(models, changed)
        self.dataform.run(result, [models[name].target for name in names], full_refresh=True)
        return Extent(frozenset(names), frozenset(names), frozenset(names))

    def compare_all(
        self,
        models: Mapping[str, Model],
        live: Mapping[str, Table],
        moment: datetime,
        extent: Extent,
    ) -> list[TableDiff]:
        touched = self.touched_days(moment)
        indexes = self.warehouse.indexes()
        clones = self.warehouse.tables(cloned=True)
        views = Views(self.warehouse).cloned(clones)
        clones |= {name: view for name, view in views.items() if name in extent.views}
        diffs = [
            compare(
                self.warehouse,
                (live.get(name), clone),
                models.get(name),
                moment,
                touched.get(name, []) if has_days(live.get(name), models.get(name), extent) else None,
            )
            for name, clone in clones.items()
            if name not in indexes - extent.views and (extent.only is None or name in extent.only)
        ]
        return [diff for diff in diffs if diff.days or not diff.is_empty]

    def touched_days(self, moment: datetime) -> dict[str, list[date]]:
        sql = TOUCHED.format(
            checkpoints=clone_of("ods.checkpoints"), moment=f"timestamp '{moment.isoformat()}'"
        )
        days: dict[str, list[date]] = defaultdict(list)
        for row in self.warehouse.rows(sql):
            days[row["table_name"]].append(row["day"])
        return days


def has_old_rows(models: Mapping[str, Model], changed: Iterable[Model], live: Mapping[str, Table]) -> bool:
    """Whether a changed formula, or a table that follows it, has rows that the next run does not write again."""
    # A changed view has all its new rows at once, and a table that did not exist is written from the beginning.
    tables = [model for model in changed if model.is_table]
    return any(name in live and models[name].is_table for name in with_dependents(models, tables))


def has_days(table: Table | None, model: Model | None, extent: Extent) -> bool:
    """Whether checkpoints name the days of the table that a run wrote: a partitioned model that existed before."""
    if table is None or model is None or table.name in extent.whole:
        return False
    return model.is_table and table.where != "true"
