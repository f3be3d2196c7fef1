"""Remember what the catalog of a project contains until something is committed to it.

Version: local-bigquery 0.3.2.
Reason: for every table of a statement it looks up whether the table exists, its columns and whether it is
partitioned by ingestion time: 7 ms a table on two cores (2026-11-28), half the time of a small statement.
DuckLake numbers the commits of a project, so an answer is valid while the newest number is the same. All these
lookups use connections of their own and therefore see committed changes only.
Upstream change that removes it: a cache of the catalog in local-bigquery.
"""

import threading
from collections.abc import Callable, Hashable
from typing import Any, NamedTuple

Fetch = Callable[..., list[tuple[Any, ...]]]


class Remembered(NamedTuple):
    """Answers by question, as of one commit of a project."""

    commit: int
    answers: dict[Hashable, list[Any]]


class CatalogMemory:
    """`catalog` gives the SQL name of a project's DuckLake catalog."""

    def __init__(self, fetch: Fetch, catalog: Callable[[str], str]) -> None:
        self.fetch = fetch
        self.catalog = catalog
        self.projects: dict[str, Remembered] = {}
        self.statement = threading.local()

    def answer(self, project: str, question: Hashable, look_up: Callable[[], list[Any]]) -> list[Any]:
        """The commit is read first: an answer may be newer than its number, which the next commit corrects."""
        commit = self.newest_commit(project)
        remembered = self.projects.get(project)
        if remembered is None or remembered.commit != commit:
            remembered = self.projects[project] = Remembered(commit, {})
        if question not in remembered.answers:
            remembered.answers[question] = look_up()
        return list(remembered.answers[question])

    def newest_commit(self, project: str) -> int:
        """Within one translation the number is read once: a statement sees the catalog as of its beginning."""
        commits: dict[str, int] | None = getattr(self.statement, "commits", None)
        if commits is None:
            return self.read_commit(project)
        if project not in commits:
            commits[project] = self.read_commit(project)
        return commits[project]

    def in_one_statement(self, translate: Callable[..., Any]) -> Callable[..., Any]:
        """Wraps local-bigquery's `translate`, which changes nothing in the catalog."""

        def translate_one(*arguments: Any) -> Any:
            self.statement.commits = {}
            try:
                return translate(*arguments)
            finally:
                self.statement.commits = None

        return translate_one

    def read_commit(self, project: str) -> int:
        [(number,)] = self.fetch(f"SELECT max(snapshot_id) FROM {self.catalog(project)}.ducklake_snapshot")
        return int(number)


def with_memory(columns: Callable[..., list[Any]], memory: CatalogMemory, projects: set[str]) -> Any:
    """Wraps local-bigquery's `tables.columns`. A view is looked up each time: it may read other projects."""
    from local_bigquery.engine import database

    def remembered_columns(project: str, dataset: str, table: str) -> list[Any]:
        kinds = (
            [kind for _, kind, _ in database.objects(project, dataset, table)] if project in projects else []
        )
        if kinds != ["TABLE"]:
            return columns(project, dataset, table)
        question = ("columns", dataset, table)
        return memory.answer(project, question, lambda: columns(project, dataset, table))

    return remembered_columns
