"""Load files into raw: every good row exactly once; a row that BigQuery rejects is taken out of its file.

Only a file of which no row can be loaded is moved to failed/.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Protocol

from connector.errors import InvalidData, LoadError
from connector.landing.files import RejectedRow
from connector.landing.landed_file import LandedFile
from connector.load.batch import Batch

MAX_FILES = 10_000  # URIs per load job: https://cloud.google.com/bigquery/quotas#load_jobs
MAX_REJECTED_ROWS = (
    20  # of one file; more than that are a fault of the file or of the schema, not of single rows
)
ALTERED = (
    "its content is not what the run wrote (checksum): another process changed it. Copy the endpoint again, or "
    "correct the file; a replay loads it as it is then."
)


@dataclass(frozen=True)
class KeyCounts:
    """Of the rows of a batch: how often the declared key was repeated, and how often it was null."""

    repeated: int = 0
    missing: int = 0


class RawTable(Protocol):
    """Every method is idempotent: what a killed process has done already is not done again."""

    def stage(self, batch: Batch) -> None: ...
    def check_part(self, batch: Batch, name: str) -> str | None: ...
    def count_keys(self, batch: Batch) -> KeyCounts: ...
    def is_inserted(self, batch: Batch) -> bool: ...
    def insert(self, batch: Batch) -> int: ...
    def drop_staging(self, batch: Batch) -> None: ...


class Files(Protocol):
    """connector.landing.files.Landing."""

    def fail(self, file: LandedFile, reason: str) -> None: ...
    def read_lines(self, file: LandedFile) -> list[bytes]: ...
    def write_part(self, file: LandedFile, first: int, lines: list[bytes]) -> str: ...
    def delete_parts(self, file: LandedFile) -> None: ...
    def take_out(self, file: LandedFile, rejects: Sequence[RejectedRow]) -> LandedFile: ...


@dataclass(frozen=True)
class LoadResult:
    """`rows`: inserted into raw. `expected`: rows of the files that were loaded."""

    rows: int
    expected: int
    keys: KeyCounts = KeyCounts()


def load_batch(raw: RawTable, batch: Batch, files: Files) -> LoadResult:
    """Unreadable files and rows are taken away before anything is inserted.

    So the remaining files, and with them the ids of the jobs, are the same whenever the batch is loaded again.
    """
    batch = fail_altered(raw, batch, files)
    # Repeated, because one attempt does not always name every unreadable file.
    while unreadable := find_unreadable(raw, batch):
        readable = []
        for file in batch.files:
            repaired = take_out_rows(raw, batch, file, files) if file.name in unreadable else file
            if repaired is None:
                # Moved at once: a process that is killed here does not have to find the file a second time.
                files.fail(file, unreadable[file.name])
            else:
                readable.append(repaired)
        batch = batch.with_files(readable)
    if not batch.files:
        return LoadResult(0, 0)
    # Before the insert: afterwards the rows of this batch cannot be distinguished in raw.
    keys = raw.count_keys(batch)
    rows = raw.insert(batch)
    # The dataset deletes it after a day anyway; until then hourly runs would leave many copies.
    raw.drop_staging(batch)
    return LoadResult(rows, batch.rows, keys)


def fail_altered(raw: RawTable, batch: Batch, files: Files) -> Batch:
    """The batch without files whose content is not what a run wrote: only a person can know which one is right."""
    altered = [file for file in batch.files if file.is_altered]
    # Its rows are in raw already: without the file the same insert would get another id, and run again.
    if not altered or raw.is_inserted(batch):
        return batch
    for file in altered:
        files.fail(file, ALTERED)
    return batch.with_files(file for file in batch.files if not file.is_altered)


def take_out_rows(raw: RawTable, batch: Batch, file: LandedFile, files: Files) -> LandedFile | None:
    """The file without the rows that BigQuery rejects; None if they are not single rows."""
    # Its rejected rows were taken out before, and it is rejected again: not a matter of single rows.
    if file.rejected_rows:
        return None
    lines = files.read_lines(file)
    if not lines:
        return None
    rejects: list[RejectedRow] = []
    # Three rows that are rejected on their own are a fault of the whole file: do not search it row by row.
    samples = sorted({0, len(lines) // 2, len(lines) - 1}) if len(lines) > 3 else []
    if samples and all(raw.check_part(batch, files.write_part(file, at, [lines[at]])) for at in samples):
        files.delete_parts(file)
        return None

    def bisect_lines(first: int, part: list[bytes]) -> None:
        # Each step is a load job: a file with many bad rows would take hundreds of them.
        if len(rejects) > MAX_REJECTED_ROWS:
            return
        reason = raw.check_part(batch, files.write_part(file, first, part))
        if reason is None:
            return
        if len(part) == 1:
            rejects.append(RejectedRow(first + 1, reason, part[0].decode("utf-8", "replace")))
            return
        middle = len(part) // 2
        bisect_lines(first, part[:middle])
        bisect_lines(first + middle, part[middle:])

    bisect_lines(0, lines)
    files.delete_parts(file)
    if not rejects or len(rejects) > MAX_REJECTED_ROWS or len(rejects) == len(lines):
        return None
    return files.take_out(file, rejects)


def find_unreadable(raw: RawTable, batch: Batch) -> dict[str, str]:
    """Names of files that cannot be loaded, with the reason; empty once the batch is staged."""
    if not batch.files:
        return {}
    try:
        raw.stage(batch)
    except InvalidData as error:
        # BigQuery names some files only; the others are found by loading halves.
        named = {file.name: text for file in batch.files for text in error.messages if file.name in text}
        return named or bisect_files(raw, batch, error)
    return {}


def bisect_files(raw: RawTable, batch: Batch, error: InvalidData) -> dict[str, str]:
    """BigQuery does not always name the file: stage halves until a single file is left."""
    if len(batch.files) == 1:
        return {batch.files[0].name: " ".join(error.messages)}
    unreadable: dict[str, str] = {}
    for half in halves(batch):
        unreadable |= find_unreadable(raw, half)
        # The halves are staged again as one batch later: these tables only answered a question.
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
        # A file without metadata, for example uploaded by hand, counts as the first page.
        number = positions.get(file.name) or (file.page.page if file.page else 1)
        groups.setdefault((number - 1) // MAX_FILES, []).append(file)
    return list(groups.values())
