"""Names of runs, files and objects: each follows from the run that made it, so a repetition makes the same
ones."""

import hashlib
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal

from connector.errors import UsageError

Stage = Literal["in", "processing", "archive", "failed"]

FILE = re.compile(r"(?P<endpoint>[a-z0-9_]+)_(?P<day>\d{8})_(?P<hour>\d{2})\d{2}_[0-9a-f-]{36}\.json")


@dataclass(frozen=True)
class Run:
    """`began` is when the run began, in milliseconds since 1970 UTC; it is what names of one endpoint sort
    by."""

    id: str
    endpoint: str
    began: int

    @classmethod
    def new(cls, endpoint: str, began: int, token: str) -> "Run":
        """`token` tells two runs apart that two machines began in one millisecond."""
        return cls(f"{endpoint}-{moment(began):%Y%m%dT%H%M%S}{began % 1000:03d}-{token}", endpoint, began)

    def file(self, page: int) -> str:
        """`{endpoint}_{YYYYMMDD_HHmm}_{uuid}.json`, the uuid shaped as version 7 of RFC 9562."""
        digest = hashlib.sha1(f"{self.id}/{self.endpoint}/{page}".encode()).hexdigest()
        variant = "89ab"[int(digest[3], 16) % 4]
        return f"{self.prefix}{digest[:3]}-{variant}{digest[4:7]}-{digest[7:19]}.json"

    @property
    def prefix(self) -> str:
        """What all files of the run begin with, and those of no other run."""
        bits = f"{self.began:012x}"
        return f"{self.endpoint}_{moment(self.began):%Y%m%d_%H%M}_{bits[:8]}-{bits[8:]}-7"


def moment(milliseconds: int) -> datetime:
    return datetime.fromtimestamp(milliseconds / 1000, UTC)


def folder(stage: Stage, file: str) -> str:
    """The folder of `file` while it is in `stage`: by the time in its name, so that midnight moves
    nothing."""
    match = FILE.fullmatch(file)
    if not match:
        raise UsageError(
            f"'{file}' is not the name of a file of the connector: sales_20260131_0930_<uuid>.json."
        )
    endpoint, day, hour = match["endpoint"], match["day"], match["hour"]
    dated = {"archive": f"/{day}", "failed": f"/{day[:4]}/{day[4:6]}/{day[6:]}/{hour}h"}
    return f"{endpoint}/{stage}{dated.get(stage, '')}"


def path(stage: Stage, file: str) -> str:
    return f"{folder(stage, file)}/{file}"
