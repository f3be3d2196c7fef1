"""Whether an endpoint with `prepare: spark` has files that no batch has read: a batch costs minutes of Dataproc.

The comparison is that of the driver (connector/spark/prepare.py). Whatever cannot be compared starts a batch.
"""

import glob
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import msgspec

from pipeline.settings import Preparation
from runtime.errors import StorageError
from runtime.object_store import ObjectStore
from runtime.stored_object import ObjectInfo
from runtime.structured_log import StructuredLog

SUCCESS = "_SUCCESS"
RUN_TIME = "%Y%m%dT%H%M%SZ"
WILDCARDS = "*?["
# In globs of Hadoop: alternatives, escapes and a negation that Python writes otherwise.
ONLY_HADOOP = ("{", "\\", "[^")
# The output is deleted after 14 days or more, and with the last marker it would be unknown what was read.
MARKER_DAYS = 7
EPOCH = datetime.fromtimestamp(0, UTC)
type Version = tuple[int, int]  # size in bytes and time in milliseconds


class Marker(msgspec.Struct, frozen=True):
    """A `_SUCCESS`. `inputs`: versions by gs:// address of all files that the batch has listed."""

    inputs: dict[str, Version]


@dataclass(frozen=True)
class NewFiles:
    """`open_bucket`: a bucket by its name, with the pipeline's credentials."""

    open_bucket: Callable[[str], ObjectStore]
    log: StructuredLog

    def exist(self, prepared: Preparation, now: datetime) -> bool:
        """True too if the pipeline may not list the files: the batch may."""
        try:
            inputs = self._read_inputs(prepared.output, now)
            return inputs is None or self._differ(inputs, prepared.input)
        except StorageError as error:
            self.log(
                "starting a batch, because it is unknown whether there are new files (the pipeline needs "
                f"roles/storage.objectViewer on {prepared.input}): {error}"
            )
            return True

    def _read_inputs(self, output: str, now: datetime) -> dict[str, Version] | None:
        """Of the newest complete batch; None if it is too old, or unreadable."""
        bucket, folder = split(output)
        store = self.open_bucket(bucket)
        # Names of runs begin with their time.
        name = max((item.name for item in store.list(folder) if is_marker(item.name, folder)), default="")
        if not name or is_old(name.removeprefix(folder), now):
            return None
        stored = store.read_current(name)
        try:
            return msgspec.json.decode(stored.content, type=Marker).inputs if stored else None
        except msgspec.MsgspecError:
            return None

    def _differ(self, inputs: dict[str, Version], pattern: str) -> bool:
        if any(sign in pattern for sign in ONLY_HADOOP):
            return True
        files = self._list(*split(pattern))
        return any(inputs.get(address) not in versions_of(file) for address, file in files)

    def _list(self, bucket: str, pattern: str) -> Iterator[tuple[str, ObjectInfo]]:
        store = self.open_bucket(bucket)
        matches = re.compile(glob.translate(pattern, include_hidden=True, seps="/")).match
        for file in store.list(prefix_of(pattern)):
            if matches(file.name) and not is_ignored(file.name):
                yield store.url_of(file.name), file


def split(address: str) -> tuple[str, str]:
    """Bucket and name of gs://BUCKET/NAME."""
    bucket, _, name = address.removeprefix("gs://").partition("/")
    return bucket, name


def prefix_of(pattern: str) -> str:
    return re.split(f"[{re.escape(WILDCARDS)}]", pattern, maxsplit=1)[0]


def is_ignored(path: str) -> bool:
    """As of the driver: whether Spark reads nothing of a file, for its name."""
    name = path.rpartition("/")[2]
    if name.startswith(("_common_metadata", "_metadata")):
        return False
    return name.startswith(".") or name.endswith("._COPYING_") or (name.startswith("_") and "=" not in name)


def is_marker(name: str, folder: str) -> bool:
    _, _, rest = name.removeprefix(folder).partition("/")
    return rest == SUCCESS


def is_old(run: str, now: datetime) -> bool:
    """Whether a run is so old that its output may be deleted soon; also one whose name has no time."""
    try:
        started = datetime.strptime(run.partition("-")[0], RUN_TIME).replace(tzinfo=UTC)
    except ValueError:
        return True
    return now - started > timedelta(days=MARKER_DAYS)


def versions_of(file: ObjectInfo) -> list[Version]:
    """Hadoop has reported either time of an object; no two versions have the same size and time."""
    times = {time for time in (file.created, file.updated) if time}
    return [(file.size, milliseconds(time)) for time in times]


def milliseconds(time: str) -> int:
    """`time`: RFC 3339."""
    return (datetime.fromisoformat(time) - EPOCH) // timedelta(milliseconds=1)
