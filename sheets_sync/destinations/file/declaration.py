"""Which object an export is written to: the part `destination` of an export, `kind: file`."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from sheets_sync.errors import ExportError

FIELDS = {"kind", "path"}
# https://cloud.google.com/storage/docs/objects#naming, and nothing that a shell or a URL reads otherwise.
PATH = re.compile(r"[A-Za-z0-9_=.-]+(/[A-Za-z0-9_=.-]+)*\.(csv|parquet)")


@dataclass(frozen=True)
class File:
    path: str

    @property
    def format(self) -> Literal["csv", "parquet"]:
        return "csv" if self.path.endswith(".csv") else "parquet"


def read(file: str, declared: Mapping[str, Any]) -> File:
    """ExportError says what is wrong."""
    if set(declared) != FIELDS:
        raise ExportError(f"{file}: destination has {sorted(declared)}, a file has {sorted(FIELDS)}.")
    path = declared["path"]
    if not isinstance(path, str) or not PATH.fullmatch(path) or ".." in path.split("/"):
        raise ExportError(
            f"{file}: destination.path is {path!r}, it must be a name of an object such as sales/daily.csv, "
            "ending with .csv or .parquet."
        )
    return File(path)
