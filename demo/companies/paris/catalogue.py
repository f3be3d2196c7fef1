"""The catalogue: a row per school and school year, from a CSV file as the city exports it.

The sample beside this module is invented. PARIS_CATALOGUE names the city's own export, which is under the ODbL.
"""

import csv
import os
from pathlib import Path
from typing import NamedTuple

SAMPLE = Path(__file__).with_name("sample.csv")
VARIABLE = "PARIS_CATALOGUE"


class School(NamedTuple):
    """A row of the export; texts as the city writes them, degrees as texts."""

    kind_and_year: str
    name: str
    address: str
    district: str
    insee: str
    school_year: str
    kind: str
    shape: str
    point: str


def read_catalogue(path: Path) -> list[School]:
    """`path` is a CSV file with `;`, a header and the columns of School, in UTF-8."""
    # utf-8-sig reads a file with and without a byte order mark; utf-8 would leave it in the first header.
    with path.open(encoding="utf-8-sig", newline="") as file:
        rows = csv.reader(file, delimiter=";")
        next(rows)
        return [School(*row) for row in rows]


def catalogue_path() -> Path:
    return Path(os.environ.get(VARIABLE) or SAMPLE)


def school_years(catalogue: list[School]) -> list[str]:
    """In their order: 2017/2018 - 2018/2019 precedes 2019-2020."""
    return sorted({school.school_year for school in catalogue})
