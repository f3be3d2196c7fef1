"""Files into raw: every good one exactly once, and every bad one found and named."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from types import MappingProxyType
from typing import Protocol

from connector.batch import Batch
from connector.errors import DataRefused, LoadError
from connector.landing import File

MAXIMUM_FILES = 10_000  # URIs in a load job: https://cloud.google.com/bigquery/quotas#load_jobs


class Raw(Protocol):
    """Each of these may have been done before, by a process that died; then it is not done again."""

    def stage(self, batch: Batch) -> None: ...
    def insert(self, batch: Batch) -> int: ...
    def unstage(self, batch: Batch) -> None: ...


def load(raw: Raw, batch: Batch, fail: Callable[[File, str], None]) -> int:
    """Rows that are now in raw. `fail` takes every file that cannot be read away, before anything is
    inserted: so the files that are left are always the same ones, and so are the names of the jobs."""
    while bad := bad_files(raw, batch):
        for file in batch.files:
            if file.name in bad:
                fail(file, bad[file.name])
        batch = batch.of(file for file in batch.files if file.name not in bad)
    if not batch.files:
        return 0
    rows = raw.insert(batch)
    raw.unstage(batch)
    return rows


def bad_files(raw: Raw, batch: Batch) -> dict[str, str]:
    """Names of files that cannot be read, with the reason; none once the batch is staged.

    BigQuery does not always name a bad file. Then halves are tried, until there is one file left to blame."""
    if not batch.files:
        return {}
    try:
        raw.stage(batch)
    except DataRefused as error:
        named = {file.name: text for file in batch.files for text in error.messages if file.name in text}
        return named or blame(raw, batch, error)
    return {}


def blame(raw: Raw, batch: Batch, error: DataRefused) -> dict[str, str]:
    if len(batch.files) == 1:
        return {batch.files[0].name: " ".join(error.messages)}
    found: dict[str, str] = {}
    for half in halves(batch):
        found |= bad_files(raw, half)
        raw.unstage(half)
    if not found:
        raise LoadError(
            f"{error} Yet each half of the files can be loaded; they wait in processing/."
        ) from error
    return found


def halves(batch: Batch) -> Iterator[Batch]:
    middle = len(batch.files) // 2
    yield batch.of(batch.files[:middle])
    yield batch.of(batch.files[middle:])


def portions(files: Iterable[File], place: Mapping[str, int] = MappingProxyType({})) -> list[list[File]]:
    """Files that go into one load job. By their page, or their `place` in a replay (from 1), not by counting
    those that are left: a file that fails shifts no other."""
    by_thousands: dict[int, list[File]] = {}
    for file in files:
        number = place.get(file.name) or (file.fetched.page if file.fetched else 1)
        by_thousands.setdefault((number - 1) // MAXIMUM_FILES, []).append(file)
    return list(by_thousands.values())
