"""Everything that the page shows, read once: the rows of each query, and sentences about what could not be read."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from report.errors import WrongType
from report.queries import QUERIES
from report.row_types import check_types
from runtime.errors import describe_error
from runtime.google_errors import CLIENT_ERRORS

type Row = Mapping[str, Any]
type Parameter = datetime | str
type RunQuery = Callable[[str, Mapping[str, Parameter]], Iterable[Row]]

HISTORY = timedelta(days=28)
PARALLEL_QUERIES = 4  # most of a query's time is waiting for BigQuery


@dataclass(frozen=True)
class Model:
    """A table, view or check of Dataform, as dataset.name, and the tables that it reads."""

    name: str
    reads: tuple[str, ...] = ()


@dataclass(frozen=True)
class Night:
    """`rows` by the name of their query. `endpoints` and `exports` are the declared tables."""

    project: str
    since: datetime
    until: datetime
    rows: Mapping[str, Sequence[Row]]
    problems: Sequence[str] = ()
    models: Sequence[Model] = ()
    endpoints: Mapping[str, str] = field(default_factory=dict)
    exports: Mapping[str, str] = field(default_factory=dict)

    def __getitem__(self, query: str) -> Sequence[Row]:
        return self.rows.get(query, ())

    @property
    def causes(self) -> list[Row]:
        """The verdict's findings: those that are not consequences of others."""
        return [row for row in self["findings"] if row["explained_by"] is None]


def read_rows(
    run_query: RunQuery, since: datetime, until: datetime
) -> tuple[dict[str, Sequence[Row]], list[str]]:
    """The rows of every query that could be read, and a sentence for every other one."""
    moments = {"since": since, "until": until, "history": until - HISTORY}

    def read(name: str) -> tuple[str, Sequence[Row] | None, str]:
        # A parameter that a query does not use need not be sent with it.
        needed: dict[str, Parameter] = {
            key: value for key, value in moments.items() if f"@{key}" in QUERIES[name]
        }
        try:
            return name, check_types(name, list(run_query(QUERIES[name], needed))), ""
        except (*CLIENT_ERRORS, WrongType) as error:
            return name, None, f"The section {name} could not be read: {first_line(error)}"

    with ThreadPoolExecutor(PARALLEL_QUERIES) as pool:
        results = list(pool.map(read, QUERIES))
    rows = {name: lines for name, lines, _ in results if lines is not None}
    return rows, [problem for _, _, problem in results if problem]


def first_line(error: Exception) -> str:
    text = getattr(error, "message", None) or describe_error(error)
    # The first line has the reason; the rest is the query, or ids of jobs.
    return text.strip().split("\n")[0][:300]
