"""Runs the compiled scripts through BigQuery's API as `dataform run` does, without Node."""

import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

from google.api_core.exceptions import BadRequest

from tests.dataform.engines.scripts import Action, concatenated, statements, waves
from tests.dataform.engines.warehouse import Warehouse

CUT = "raise using message = 'the run was cut here'"


@dataclass
class Runner:
    """`graph` is compiled for the Google project `p`; it runs in the warehouse's."""

    warehouse: Warehouse
    graph: dict[str, Any]
    columns: dict[str, list[str]] = field(default_factory=dict)

    @property
    def actions(self) -> list[Action]:
        return [action for wave in self.waves for action in wave]

    def __post_init__(self) -> None:
        compiled = json.dumps(self.graph).replace("`p.", f"`{self.warehouse.project}.")
        database = f'"database": "{self.warehouse.project}"'
        self.waves = waves(json.loads(compiled.replace('"database": "p"', database)))
        for dataset in sorted({action.name.split(".")[0] for action in self.actions}):
            self.warehouse.client.create_dataset(dataset)

    def run(self, full_refresh: bool = False) -> None:
        with ThreadPoolExecutor() as pool:
            for wave in self.waves:
                list(pool.map(lambda action: self.one(action, full_refresh), wave))

    def one(self, action: Action, full_refresh: bool = False) -> None:
        if script := self.script(action, full_refresh):
            self.warehouse.query(script)
            self.remember(action)

    def die(self, name: str, after: int) -> None:
        """A run that ends in the script of `name` after so many statements; nothing behind it runs."""
        for action in self.actions:
            if action.name != name:
                self.one(action)
                continue
            script = self.script(action, full_refresh=False)
            kept = [statement.text for statement in statements(script)][:after]
            try:
                self.warehouse.query(concatenated(*kept, CUT))
            except BadRequest as error:
                assert "the run was cut here" in str(error)
            return

    def length(self, name: str) -> int:
        """How many statements the incremental script of `name` has."""
        action = next(one for one in self.actions if one.name == name)
        return len(statements(self.script(action, full_refresh=False)))

    def script(self, action: Action, full_refresh: bool) -> str:
        """Empty for a view that stands: it holds nothing that a run could change."""
        columns = self.columns.get(action.name)
        if action.type == "incremental" and columns and not full_refresh:
            return action.increment(columns)
        return "" if columns is not None and action.type == "view" else action.create()

    def remember(self, action: Action) -> None:
        if action.name not in self.columns:
            table = self.warehouse.client.get_table(f"{self.warehouse.project}.{action.name}")
            self.columns[action.name] = [column.name for column in table.schema]
