"""Remember what the catalog of a project contains until something is committed to it.

Version: local-bigquery 0.3.2.
Reason: for every table of a statement it looks up whether the table exists, its columns and whether it is
partitioned by ingestion time: 7 ms a table on two cores (2026-11-28), half the time of a small statement.
DuckLake numbers the commits of a project, and its schemas: an answer about columns or datasets is valid while the
newest schema has the same number, an answer with a number of rows while the newest commit has. All these lookups use
connections of their own and therefore see committed changes only.
Upstream change that removes it: a cache of the catalog in local-bigquery.
"""

import threading
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from typing import Any, NamedTuple

Fetch = Callable[..., list[tuple[Any, ...]]]


class Version(NamedTuple):
    """The newest commit of a project, and the commit that changed its tables, views or datasets last."""

    commit: int
    schema: int


@dataclass
class Remembered:
    """Answers by question, as of one version of a project."""

    version: Version
    of_commit: dict[Hashable, list[Any]] = field(default_factory=dict)
    of_schema: dict[Hashable, list[Any]] = field(default_factory=dict)

    def at(self, version: Version) -> "Remembered":
        if self.version.schema != version.schema:
            return Remembered(version)
        return self if self.version == version else Remembered(version, {}, self.of_schema)


class CatalogMemory:
    """`catalog` gives the SQL name of a project's DuckLake catalog."""

    def __init__(self, fetch: Fetch, catalog: Callable[[str], str]) -> None:
        self.fetch = fetch
        self.catalog = catalog
        self.projects: dict[str, Remembered] = {}
        self.statement = threading.local()

    def answer(
        self,
        project: str,
        question: Hashable,
        look_up: Callable[[], list[Any]],
        has_rows: bool = False,
    ) -> list[Any]:
        """The version is read first: an answer may be newer than its version, which the next commit corrects.

        `has_rows`: the answer contains numbers of rows, which every commit may change.
        """
        version = self.newest_version(project)
        remembered = self.projects.get(project, Remembered(version)).at(version)
        self.projects[project] = remembered
        answers = remembered.of_commit if has_rows else remembered.of_schema
        if question not in answers:
            answers[question] = look_up()
        return list(answers[question])

    def newest_version(self, project: str) -> Version:
        """Within one translation it is read once: a statement sees the catalog as of its beginning."""
        versions: dict[str, Version] | None = getattr(self.statement, "versions", None)
        if versions is None:
            return self.read_version(project)
        if project not in versions:
            versions[project] = self.read_version(project)
        return versions[project]

    def in_one_statement(self, translate: Callable[..., Any]) -> Callable[..., Any]:
        """Wraps local-bigquery's `translate`, which changes nothing in the catalog."""

        def translate_one(*arguments: Any) -> Any:
            self.statement.versions = {}
            try:
                return translate(*arguments)
            finally:
                self.statement.versions = None

        return translate_one

    def read_version(self, project: str) -> Version:
        newest = f"SELECT snapshot_id, schema_version FROM {self.catalog(project)}.ducklake_snapshot"
        [(commit, schema)] = self.fetch(f"{newest} ORDER BY snapshot_id DESC LIMIT 1")
        return Version(int(commit), int(schema))


def with_memory(columns: Callable[..., list[Any]], memory: CatalogMemory, projects: set[str]) -> Any:
    """Wraps local-bigquery's `tables.columns`. A view is looked up each time: it may read other projects."""
    from local_bigquery.engine import database

    def kinds(project: str, dataset: str, table: str) -> list[str]:
        return [kind for _, kind, _ in database.objects(project, dataset, table)]

    def remembered_columns(project: str, dataset: str, table: str) -> list[Any]:
        if project not in projects:
            return columns(project, dataset, table)
        place = (dataset, table)
        if memory.answer(project, ("kinds", *place), lambda: kinds(project, *place)) != ["TABLE"]:
            return columns(project, *place)
        return memory.answer(project, ("columns", *place), lambda: columns(project, *place))

    return remembered_columns
