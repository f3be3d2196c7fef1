"""Load files into raw: every good file exactly once; every bad file is identified and moved to failed/."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from types import MappingProxyType
from typing import Protocol

from connector.errors import InvalidData, LoadError
from connector.landing.files import LandedFile
from connector.load.batch import Batch

MAX_FILES = 10_000  # URIs per load job: https://cloud.google.com/bigquery/quotas#load_jobs


class RawTable(Protocol):
    """Every method is idempotent: what a killed process has done already is not done again."""

    def stage(self, batch: Batch) -> None: ...
    def insert(self, batch: Batch) -> int: ...
    def drop_staging(self, batch: Batch) -> None: ...


def load_batch(raw: RawTable, batch: Batch, fail: Callable[[LandedFile, str], None]) -> int:
    """The number of rows that are now in raw.

    `fail` moves unreadable files away before anything is inserted. So the remaining files, and with them the
    ids of the jobs, are the same whenever the batch is loaded again.
    """
    while unreadable := find_unreadable(raw, batch):
        for file in batch.files:
            if file.name in unreadable:
                fail(file, unreadable[file.name])
        batch = batch.with_files(file for file in batch.files if file.name not in unreadable)
    if not batch.files:
        return 0
    rows = raw.insert(batch)
    raw.drop_staging(batch)
    return rows


def find_unreadable(raw: RawTable, batch: Batch) -> dict[str, str]:
    """Names of files that cannot be loaded, with the reason; empty once the batch is staged."""
    if not batch.files:
        return {}
    try:
        raw.stage(batch)
    except InvalidData as error:
        named = {file.name: text for file in batch.files for text in error.messages if file.name in text}
        return named or bisect(raw, batch, error)
    return {}


def bisect(raw: RawTable, batch: Batch, error: InvalidData) -> dict[str, str]:
    """BigQuery does not always name the file: stage halves until a single file is left."""
    if len(batch.files) == 1:
        return {batch.files[0].name: " ".join(error.messages)}
    unreadable: dict[str, str] = {}
    for half in halves(batch):
        unreadable |= find_unreadable(raw, half)
        raw.drop_staging(half)
    if not unreadable:
        raise LoadError(
            f"{error} Each half of the files can be loaded separately; they wait in processing/."
        ) from error
    return unreadable


def halves(batch: Batch) -> Iterator[Batch]:
    middle = len(batch.files) // 2
    yield batch.with_files(batch.files[:middle])
    yield batch.with_files(batch.files[middle:])


def split_into_jobs(
    files: Iterable[LandedFile], positions: Mapping[str, int] = MappingProxyType({})
) -> list[list[LandedFile]]:
    """At most MAX_FILES files per load job.

    Grouped by page, or by `positions` (from 1) in a replay, and not by counting: then a file that moves to failed/
    does not shift the others into another job.
    """
    groups: dict[int, list[LandedFile]] = {}
    for file in files:
        number = positions.get(file.name) or (file.page.page if file.page else 1)
        groups.setdefault((number - 1) // MAX_FILES, []).append(file)
    return list(groups.values())
