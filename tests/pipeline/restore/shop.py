"""A warehouse whose moments are kept, to compare what a restore wrote with what was there."""

from dataclasses import dataclass
from typing import TextIO

from pipeline.restore.runner import make_plan, restore
from pipeline.restore.warehouse import Warehouse
from runtime.structured_log import StructuredLog
from tests.dataform.engines.runner import Runner
from tests.dataform.retail import FILES, files_by_table

FIRST = FILES[1:5]
SECOND = [*FILES[5:], FILES[0]]
# These follow from the runs and their clocks, and are compared only between two moments of one warehouse.
CLOCKS = ("SYS_DATE_CREATE", "SYS_DATE_CHANGE")
BOOKKEEPING = ("ods.checkpoints", "ods.file_reads")


@dataclass
class Shop:
    runner: Runner
    stream: TextIO

    @property
    def warehouse(self):
        return self.runner.warehouse

    def load(self, files):
        for table, some in files_by_table(files).items():
            self.warehouse.load(table, some)

    def run(self, files=()):
        self.load(files)
        self.runner.run()

    def now(self):
        return self.warehouse.query("select current_timestamp() as moment")[0]["moment"]

    def plan(self, moment):
        return make_plan(Warehouse(self.warehouse.client), moment, self.now())

    def restore(self, moment, more=()):
        plan = self.plan(moment)
        restore(Warehouse(self.warehouse.client), plan, StructuredLog(self.stream), more)
        return plan

    def state(self, *, exact=True):
        """All rows of ods and dmt; not exact: without times of this warehouse and without bookkeeping."""
        return {
            action.name: sorted(repr(self.visible(row, exact)) for row in self.rows(action))
            for action in self.runner.actions
            if action.has_output and action.kind != "assertions" and (exact or action.name not in BOOKKEEPING)
        }

    def visible(self, row, exact):
        return row if exact else {name: value for name, value in row.items() if name not in CLOCKS}

    def rows(self, action):
        where = f"{action.partition_column} is not null" if action.requires_filter else "true"
        return self.warehouse.rows(action.name, "*", where)
