"""Where a row comes from. These columns are filled where the table in raw has them.

Two files of one run can contain versions of the same row; ods needs SYS_SOURCE_MODIFIED to take the newer one, because
the names of landing files of one run are in no order.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property

from connector.raw_schema import FILE_NAME
from connector.sources.files.store import FileInfo

FILE, MODIFIED, LINE = "SYS_SOURCE_FILE", "SYS_SOURCE_MODIFIED", "SYS_SOURCE_LINE"


@dataclass(frozen=True)
class Provenance:
    """Of the rows of one part. `columns`: the names of the table's columns."""

    file: FileInfo
    file_name: str
    columns: Collection[str] = ()

    @cached_property
    def constants(self) -> dict[str, str]:
        """Values that all rows of the part have in common."""
        modified = datetime.fromtimestamp(self.file.modified, UTC).isoformat()
        optional = {FILE: self.file.key, MODIFIED: modified}
        return {FILE_NAME: self.file_name} | {k: v for k, v in optional.items() if k in self.columns}
