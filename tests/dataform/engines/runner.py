"""Runs the compiled scripts through BigQuery's API as `dataform run` does, without Node."""

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

from google.api_core.exceptions import BadRequest

from scripts.sql_analysis.statements import concatenate, statements
from tests.dataform.engines.scripts import Action, waves
from tests.dataform.engines.warehouse import Warehouse

CRASH = "raise using message = 'the run crashed here'"


@dataclass
class Runner:
    """`graph` is compiled for the Google project `p`; it runs in the warehouse's."""

    warehouse: Warehouse
    graph: dict[str, Any]
    columns: dict[str, list[str]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.waves = self.compile(self.graph)
        for dataset in sorted({action.name.split(".")[0] for action in self.actions}):
            self.warehouse.client.create_dataset(dataset)

    def compile(self, graph: dict[str, Any], edit: Callable[[str], str] = lambda text: text) -> list[Any]:
        """The actions of a run in this warehouse; `edit` changes the text of the graph."""
        compiled = edit(json.dumps(graph)).replace("`p.", f"`{self.warehouse.project}.")
        database = f'"database": "{self.warehouse.project}"'
        return waves(json.loads(compiled.replace('"database": "p"', database)))

    @property
    def actions(self) -> list[Action]:
        return [action for wave in self.waves for action in wave]

    def run(self, full_refresh: bool = False) -> None:
        with ThreadPoolExecutor() as pool:
            for wave in self.waves:
                list(pool.map(lambda action: self.run_action(action, full_refresh), wave))

    def run_action(self, action: Action, full_refresh: bool = False) -> None:
        if script := self.script(action, full_refresh):
            self.warehouse.query(script)
            self.remember_columns(action)

    def crash(self, name: str, after: int) -> None:
        """A run that ends in the script of `name` after so many statements; no later action runs."""
        for action in self.actions:
            if action.name != name:
                self.run_action(action)
                continue
            script = self.script(action, full_refresh=False)
            executed = [statement.text for statement in statements(script)][:after]
            try:
                self.warehouse.query(concatenate(*executed, CRASH))
            except BadRequest as error:
                assert "the run crashed here" in str(error)
            return

    def length(self, name: str) -> int:
        """How many statements the incremental script of `name` has."""
        action = next(each for each in self.actions if each.name == name)
        return len(statements(self.script(action, full_refresh=False)))

    def script(self, action: Action, full_refresh: bool) -> str:
        """Empty where a later run changes no rows: a view, or a table that other scripts fill. A plain table is created
        again in every run."""
        columns = self.columns.get(action.name)
        if action.type == "table":
            return action.create()
        if action.type == "incremental" and columns and not full_refresh:
            return action.increment(columns)
        return "" if columns is not None and action.type != "incremental" else action.create()

    def remember_columns(self, action: Action) -> None:
        if action.has_output and action.name not in self.columns:
            table = self.warehouse.client.get_table(f"{self.warehouse.project}.{action.name}")
            self.columns[action.name] = [column.name for column in table.schema]
