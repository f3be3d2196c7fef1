"""The scripts that Dataform sends to BigQuery for a compiled action, and the statements in them.

The texts are those of cli/api/dbadapters/execution_sql.ts of @dataform/cli 3.0.69; test_cli.py compares them
with what the CLI itself would send.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from sqlglot.dialects.bigquery import BigQuery
from sqlglot.tokens import Token, TokenType


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
    def reads(self) -> set[str]:
        return {f"{t['schema']}.{t['name']}" for t in self.compiled.get("dependencyTargets", [])}

    @cached_property
    def bigquery(self) -> dict[str, Any]:
        return self.compiled.get("bigquery", {})

    def create(self) -> str:
        """The script of a first run or a full refresh."""
        if self.kind == "operations":
            return ";\n".join(self.compiled["queries"])
        query = self.compiled["query"]
        if self.kind == "assertions" or self.type == "view":
            return f"create or replace view {self.address} as {query}"
        head = f"create or replace table {self.address} {self.layout()}as {query}"
        return concatenated(*self.compiled.get("preOps", []), head, *self.compiled.get("postOps", []))

    def increment(self, columns: list[str]) -> str:
        """The script of a later run; `columns` are those of the table as it stands."""
        query = self.compiled["incrementalQuery"]
        names = ",".join(f"`{column}`" for column in columns)
        key = self.compiled.get("uniqueKey")
        if key:
            match = " and ".join(f"DATAFORM_DEST.{column} = DATAFORM_SOURCE.{column}" for column in key)
            updates = ",".join(f"`{column}` = DATAFORM_SOURCE.{column}" for column in columns)
            main = (
                f"merge {self.address} DATAFORM_DEST\nusing ({query}\n) DATAFORM_SOURCE\non {match}\n"
                f"when matched then\n  update set {updates}\n"
                f"when not matched then\n  insert ({names}) values ({names})"
            )
        else:
            main = f"insert into {self.address}\n({names})\nselect {names}\nfrom ({query}) as insertions"
        return concatenated(
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


def concatenated(*parts: str) -> str:
    return ";\n".join(part.strip().removesuffix(";") for part in parts if part.strip())


def waves(graph: dict[str, Any]) -> list[list[Action]]:
    """All that run, each after what it reads; the actions of a wave do not depend on each other."""
    kinds = ("tables", "operations", "assertions")
    waiting = [Action(kind, one) for kind in kinds for one in graph.get(kind, [])]
    found: list[list[Action]] = []
    while waiting:
        ahead = {action.name for action in waiting}
        ready = sorted((action for action in waiting if not action.reads & ahead), key=lambda one: one.name)
        assert ready, f"a circle in {ahead}"
        found.append(ready)
        waiting = [action for action in waiting if action not in ready]
    return found


@dataclass(frozen=True)
class Statement:
    """`text` as it stands, without its semicolon; of an IF also its condition and what stands inside it."""

    text: str
    condition: str = ""
    inside: tuple["Statement", ...] = ()

    @property
    def is_if(self) -> bool:
        return bool(self.condition)


def statements(script: str) -> list[Statement]:
    tokens = list(BigQuery.Tokenizer().tokenize(script))
    return list(block(script, tokens))


def block(script: str, tokens: list[Token]) -> Iterator[Statement]:
    """IF is the only block that the warehouse uses."""
    start = 0
    while start < len(tokens):
        end = closing(tokens, start)
        part = tokens[start:end]
        if part and part[0].text.lower() == "if":
            then = next(i for i, token in enumerate(part) if token.text.lower() == "then")
            body = tuple(block(script, part[then + 1 : -2]))
            yield Statement(cut(script, part), cut(script, part[1:then]), body)
        elif part:
            yield Statement(cut(script, part))
        start = end + 1


def closing(tokens: list[Token], start: int) -> int:
    """Where the statement that begins at `start` ends: its semicolon, or that of its END IF."""
    is_if = tokens[start].text.lower() == "if"
    for i in range(start, len(tokens)):
        ended = not is_if or [token.text.lower() for token in tokens[max(i - 2, 0) : i]] == ["end", "if"]
        if tokens[i].token_type == TokenType.SEMICOLON and ended:
            return i
    return len(tokens)


def cut(script: str, tokens: list[Token]) -> str:
    return script[tokens[0].start : tokens[-1].end + 1]
