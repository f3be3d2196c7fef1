"""A batch: files that are loaded by one job, and the names of that job and of its staging table."""

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from connector.landing.files import LandedFile
from connector.raw_schema import Column


@dataclass(frozen=True)
class Batch:
    """Files of one run for `raw.<table>`. `hash` names the jobs and the staging table, so it must not change
    while a run is resumed."""

    run: str
    endpoint: str
    table: str
    columns: tuple[Column, ...]
    files: tuple[LandedFile, ...]

    def with_files(self, files: Iterable[LandedFile]) -> "Batch":
        return replace(self, files=tuple(files))

    @cached_property
    def hash(self) -> str:
        return digest(self.run, self.table, self.columns, [file.name for file in self.files])

    @property
    def staging(self) -> str:
        return f"staging.{self.table}_{self.hash}"


def digest(*values: Any) -> str:
    return hashlib.sha1(json.dumps(values, sort_keys=True).encode()).hexdigest()[:20]
