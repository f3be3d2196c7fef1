"""The scripts that Dataform sends to BigQuery for a compiled action.

The texts are those of cli/api/dbadapters/execution_sql.ts of @dataform/cli 3.0.69; test_cli.py compares them
with what the CLI itself sends.
"""

import re
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from scripts.sql_analysis.statements import concatenate

# `range_bucket(id, …)` and `date(written_at)`, or the column itself.
PARTITION_COLUMN = re.compile(r"(?:\w+\()?(\w+)")
PARTITION_CLAUSE = re.compile(r"^partition by (.+)$", re.MULTILINE)


@dataclass(frozen=True)
class Action:
    """One action of the compiled graph, by its kind: tables, operations or assertions."""

    kind: str
    compiled: dict[str, Any]

    @property
    def name(self) -> str:
        return f"{self.compiled['target']['schema']}.{self.compiled['target']['name']}"

    @property
    def address(self) -> str:
        target = self.compiled["target"]
        return f"`{target['database']}.{target['schema']}.{target['name']}`"

    @property
    def type(self) -> str:
        return self.compiled["enumType"].lower() if self.kind == "tables" else self.kind

    @property
    def has_output(self) -> bool:
        """Whether the action writes the table or view of its name."""
        return self.kind != "operations" or bool(self.compiled.get("hasOutput"))

    @property
    def reads(self) -> set[str]:
        return {f"{t['schema']}.{t['name']}" for t in self.compiled.get("dependencyTargets", [])}

    @property
    def follows_days(self) -> bool:
        """Whether it rewrites the days that the table before it changed (includes/days.js)."""
        return self.type == "incremental" and not any(name.startswith("raw.") for name in self.reads)

    @cached_property
    def bigquery(self) -> dict[str, Any]:
        options: dict[str, Any] = self.compiled.get("bigquery", {})
        return options

    @cached_property
    def partition_column(self) -> str:
        """The column that a scan must filter; empty for a table without partitions."""
        clauses = PARTITION_CLAUSE.findall(self.create()) if self.kind == "operations" else []
        by = self.bigquery.get("partitionBy") or next(iter(clauses), "")
        match = PARTITION_COLUMN.match(by)
        return match[1] if match else ""

    @property
    def requires_filter(self) -> bool:
        if self.kind == "operations":
            return "require_partition_filter = true" in self.create()
        return bool(self.bigquery.get("requirePartitionFilter"))

    def create(self) -> str:
        """The script of a first run or a full refresh."""
        if self.kind == "operations":
            return ";\n".join(self.compiled["queries"])
        query = self.compiled["query"]
        if self.kind == "assertions" or self.type == "view":
            return f"create or replace view {self.address} as {query}"
        head = f"create or replace table {self.address} {self.layout()}as {query}"
        return concatenate(*self.compiled.get("preOps", []), head, *self.compiled.get("postOps", []))

    def increment(self, columns: list[str]) -> str:
        """The script of a later run; `columns` are those that the table has now."""
        assert not self.compiled.get("uniqueKey"), "a MERGE never deletes: docs/adr/0003"
        query = self.compiled["incrementalQuery"]
        names = ",".join(f"`{column}`" for column in columns)
        main = f"insert into {self.address}\n({names})\nselect {names}\nfrom ({query}) as insertions"
        return concatenate(
            *self.compiled.get("incrementalPreOps", []), main, *self.compiled.get("incrementalPostOps", [])
        )

    def layout(self) -> str:
        parts = []
        if by := self.bigquery.get("partitionBy"):
            parts.append(f"partition by {by} ")
        if columns := self.bigquery.get("clusterBy"):
            parts.append(f"cluster by {', '.join(columns)} ")
        if self.bigquery.get("requirePartitionFilter"):
            parts.append("OPTIONS(require_partition_filter=true)")
        return "".join(parts)


def waves(graph: dict[str, Any]) -> list[list[Action]]:
    """All actions, each after those that it reads; the actions of one wave do not depend on each other."""
    kinds = ("tables", "operations", "assertions")
    waiting = [Action(kind, compiled) for kind in kinds for compiled in graph.get(kind, [])]
    ordered: list[list[Action]] = []
    while waiting:
        ahead = {action.name for action in waiting}
        ready = sorted((action for action in waiting if not action.reads & ahead), key=lambda each: each.name)
        assert ready, f"a cycle in {ahead}"
        ordered.append(ready)
        waiting = [action for action in waiting if action not in ready]
    return ordered
