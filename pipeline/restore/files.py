"""Landing files of a load that was withdrawn: from archive/ to failed/, from where the connector's replay loads them.

Folders are those of docs/adr/0001: archive/YYYYMMDD/ and failed/YYYY/MM/DD/HHh/ below <source>/<endpoint>.
"""

import re
from collections.abc import Iterable, Mapping
from typing import Any, Protocol

DATED = re.compile(r".+_(\d{4})(\d{2})(\d{2})_(\d{2})\d{2}_[0-9a-f-]{36}\.json")


class Store(Protocol):
    """runtime.object_store.ObjectStore."""

    def generation(self, name: str) -> int: ...
    def set_metadata(self, name: str, metadata: Mapping[str, str]) -> None: ...
    def move(self, source: str, target: str) -> None: ...


def withdraw_files(store: Store, files: Iterable[Mapping[str, Any]], reason: str) -> int:
    """How many files were moved. Idempotent: a file that is not in archive/ any more was moved before."""
    moved = 0
    for file in files:
        source, target = paths(file)
        # The reason first, as the connector does: a file in failed/ always has one.
        if store.generation(source):
            store.set_metadata(source, {"reason": f"withdrawn: {reason}"})
            store.move(source, target)
            moved += 1
    return moved


def paths(file: Mapping[str, Any]) -> tuple[str, str]:
    """Its names in archive/ and in failed/. Rows of the log from before sources were named have none."""
    name = str(file["file_name"])
    match = DATED.fullmatch(name)
    if not match:
        raise ValueError(f"{name} is not a file name of the connector")
    year, month, day, hour = match.groups()
    root = "/".join(part for part in (file["source"], file["endpoint"]) if part)
    return f"{root}/archive/{year}{month}{day}/{name}", f"{root}/failed/{year}/{month}/{day}/{hour}h/{name}"
