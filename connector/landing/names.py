"""Names of runs, files and objects. Each follows from its run, so a repeated step produces the same names."""

import hashlib
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal

from runtime.errors import UsageError

Stage = Literal["in", "processing", "archive", "failed"]

FILE_PATTERN = re.compile(r"(?P<endpoint>[a-z0-9_]+)_(?P<day>\d{8})_(?P<hour>\d{2})\d{2}_[0-9a-f-]{36}\.json")


@dataclass(frozen=True)
class Run:
    """`began`: when the run started, in milliseconds since 1970 UTC. Names of one endpoint sort by it."""

    id: str
    endpoint: str
    began: int

    @classmethod
    def create(cls, endpoint: str, began: int, token: str) -> "Run":
        """`token` distinguishes two runs that two machines start in the same millisecond."""
        start = to_datetime(began)
        return cls(f"{endpoint}-{start:%Y%m%dT%H%M%S}{began % 1000:03d}-{token}", endpoint, began)

    def file_name(self, page: int) -> str:
        """`{endpoint}_{YYYYMMDD_HHmm}_{uuid}.json`; the uuid has the form of version 7 of RFC 9562."""
        # Deterministic instead of random: a page has the same name in every attempt (docs/adr/0001).
        digest = hashlib.sha1(f"{self.id}/{self.endpoint}/{page}".encode()).hexdigest()
        # The two bits of the variant: https://www.rfc-editor.org/rfc/rfc9562#section-4.1
        variant = "89ab"[int(digest[3], 16) % 4]
        return f"{self.file_prefix}{digest[:3]}-{variant}{digest[4:7]}-{digest[7:19]}.json"

    @property
    def file_prefix(self) -> str:
        """The beginning of the names of all files of this run, and of no other run."""
        # Milliseconds first, so that names of one minute sort by the start of their run.
        bits = f"{self.began:012x}"
        return f"{self.endpoint}_{to_datetime(self.began):%Y%m%d_%H%M}_{bits[:8]}-{bits[8:]}-7"


def to_datetime(milliseconds: int) -> datetime:
    return datetime.fromtimestamp(milliseconds / 1000, UTC)


def folder(stage: Stage, file: str, root: str = "") -> str:
    """The folder of `file` in `stage`, below `root` (by default the endpoint of its name).

    Its date is that of the file's name, so midnight moves no file.
    """
    match = FILE_PATTERN.fullmatch(file)
    if not match:
        raise UsageError(
            f"'{file}' is not a file name of the connector; expected for example sales_20260131_0930_<uuid>.json."
        )
    endpoint, day, hour = match["endpoint"], match["day"], match["hour"]
    dated = {"archive": f"/{day}", "failed": f"/{day[:4]}/{day[4:6]}/{day[6:]}/{hour}h"}
    return f"{root or endpoint}/{stage}{dated.get(stage, '')}"


def path(stage: Stage, file: str, root: str = "") -> str:
    return f"{folder(stage, file, root)}/{file}"
