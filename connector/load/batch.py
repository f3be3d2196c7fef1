"""A batch: files that are loaded by one job, and the names of that job and of its staging table."""

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from connector.landing.landed_file import LandedFile
from connector.raw_schema import Column, strip_descriptions


@dataclass(frozen=True)
class Batch:
    """Files of one run for `raw.<table>`, and the declared `key` of its rows.

    The ids of jobs follow from the content. That of the insert does not depend on the columns: a run that is resumed
    under an edited schema must find the rows that it has inserted already.
    """

    run: str
    endpoint: str
    table: str
    columns: tuple[Column, ...]
    files: tuple[LandedFile, ...]
    key: tuple[str, ...] = ()
    root: str = ""

    def with_files(self, files: Iterable[LandedFile]) -> "Batch":
        return replace(self, files=tuple(files))

    @cached_property
    def stage_hash(self) -> str:
        columns = strip_descriptions(list(self.columns))
        # With the columns: after a corrected schema the same files must be staged again.
        return digest(self.run, self.table, columns, [self._version(file) for file in self.files])

    @cached_property
    def insert_hash(self) -> str:
        # With the run: a replay loads the same files once more, on purpose.
        return digest(self.run, self.table, [file.name for file in self.files])

    @property
    def staging(self) -> str:
        return f"staging.{self.table}_{self.stage_hash}"

    @property
    def rows(self) -> int:
        """Rows of its files, as counted when they were written."""
        return sum(file.rows for file in self.files)

    @staticmethod
    def _version(file: LandedFile) -> list[object]:
        """A file whose rejected rows were taken out is loaded as a new version."""
        return [file.name, file.rejected_rows] if file.rejected_rows else [file.name]


def digest(*values: Any) -> str:
    return hashlib.sha1(json.dumps(values, sort_keys=True).encode()).hexdigest()[:20]
