"""Files that become rows together."""

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from connector.landing import File
from connector.schemas import Column


@dataclass(frozen=True)
class Batch:
    """Files of one run for `raw.<table>`. `hash` names everything that is made of them: staging table and
    jobs."""

    run: str
    endpoint: str
    table: str
    columns: tuple[Column, ...]
    files: tuple[File, ...]

    def of(self, files: Iterable[File]) -> "Batch":
        return replace(self, files=tuple(files))

    @cached_property
    def hash(self) -> str:
        return digest(self.run, self.table, self.columns, [file.name for file in self.files])

    @property
    def staging(self) -> str:
        return f"staging.{self.table}_{self.hash}"


def digest(*what: Any) -> str:
    return hashlib.sha1(json.dumps(what, sort_keys=True).encode()).hexdigest()[:20]
