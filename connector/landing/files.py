"""The files of an endpoint in the landing bucket, by stage: in → processing → archive, or failed."""

import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import TYPE_CHECKING, Protocol

import msgspec

from connector.landing import names
from connector.landing.landed_file import (
    REASON_BYTES,
    LandedFile,
    create_metadata,
    fit_text,
    parse_object,
)
from connector.landing.names import Run, Stage
from connector.landing.page_metadata import DriftReport, ObservedSchema, PageResult
from runtime.stored_object import record_content

if TYPE_CHECKING:  # importing it at run time would double the time until a usage error is reported
    from runtime.stored_object import ObjectInfo, StoredObject

MOVE_THREADS = 16


class RejectedRow(msgspec.Struct, frozen=True):
    """A row that BigQuery rejected: its line number from 1, the reason, and the line as text."""

    number: int
    reason: str
    line: str


class Store(Protocol):
    """runtime.object_store.ObjectStore."""

    def create(self, name: str, content: bytes, metadata: Mapping[str, str] | None = None) -> bool: ...
    def replace(
        self, name: str, content: bytes, generation: int, metadata: Mapping[str, str] | None = None
    ) -> int | None: ...
    def read_current(self, name: str) -> "StoredObject | None": ...
    def delete(self, name: str, generation: int | None = None) -> None: ...
    def generation(self, name: str) -> int: ...
    def read(self, name: str, generation: int) -> bytes | None: ...
    def list(self, prefix: str) -> Iterator["ObjectInfo"]: ...
    def move(self, source: str, target: str) -> None: ...
    def set_metadata(self, name: str, metadata: Mapping[str, str]) -> None: ...


class Landing:
    """`root` is the folder of the endpoint, `<source>/<endpoint>`."""

    def __init__(self, store: Store, root: str) -> None:
        self.store = store
        self.root = root

    def write_page(self, run: Run, page: PageResult, content: bytes, drift: DriftReport) -> bool:
        """Idempotent: False if the object exists, because this run wrote it before."""
        metadata = create_metadata(run, page, drift)
        name = names.path("in", run.file_name(page.page), self.root)
        # An existing object is not an error: the content of a page of one run does not change.
        return self.store.create(name, content, record_content(metadata, content))

    def read_schema(self) -> ObservedSchema | None:
        """The schema observed so far; None before the first page of the first run."""
        generation = self.store.generation(self.schema_name)
        content = self.store.read(self.schema_name, generation) if generation else None
        return msgspec.json.decode(content, type=ObservedSchema) if content else None

    def write_schema(self, schema: ObservedSchema) -> None:
        """Only the owner of the lease writes it, so the generation is always current."""
        content = msgspec.json.encode(schema)
        self.store.replace(self.schema_name, content, self.store.generation(self.schema_name))

    @property
    def schema_name(self) -> str:
        return f"{self.root}/shape.json"

    def files_of_run(self, run: Run, *stages: Stage) -> list[LandedFile]:
        return self._list(
            {
                # The prefix contains the start of the run, so the listing has its files only.
                f"{names.folder(stage, run.file_name(1), self.root)}/{run.file_prefix}": stage
                for stage in stages
            }
        )

    def find(self, file_names: Iterable[str], *stages: Stage) -> list[LandedFile]:
        """Those of `file_names` that are in one of the stages."""
        requested = set(file_names)
        folders = {
            f"{names.folder(stage, name, self.root)}/": stage for stage in stages for name in requested
        }
        return [file for file in self._list(folders) if file.name in requested]

    def files_of_day(self, day: str) -> list[LandedFile]:
        """Files of runs of `day` (YYYYMMDD), archived or failed."""
        # failed/ has folders by hour, archive/ by day (docs/reference/bucket.md).
        failed = f"{self.root}/failed/{day[:4]}/{day[4:6]}/{day[6:]}/"
        return self._list({f"{self.root}/archive/{day}/": "archive", failed: "failed"})

    def failed_files(self) -> list[LandedFile]:
        return self._list({f"{self.root}/failed/": "failed"})

    def unfinished_files(self) -> list[LandedFile]:
        # processing/ last: of two copies after a crash it is the later one.
        return self._list({f"{self.root}/in/": "in", f"{self.root}/processing/": "processing"})

    def _list(self, prefixes: Mapping[str, Stage]) -> list[LandedFile]:
        """Sorted by name. A file in two stages, after a crash, counts for the later one of `prefixes`."""
        files = {}
        for prefix, stage in prefixes.items():
            for item in self.store.list(prefix):
                file = parse_object(item, stage)
                files[file.name] = file
        return sorted(files.values(), key=lambda file: file.name)

    def move(self, files: Iterable[LandedFile], stage: Stage) -> None:
        def move_one(file: LandedFile) -> None:
            self.store.move(
                names.path(file.stage, file.name, self.root), names.path(stage, file.name, self.root)
            )

        # list() raises the first error; the moves that succeeded are not repeated by the next run.
        with ThreadPoolExecutor(MOVE_THREADS, "move") as pool:
            list(pool.map(move_one, [file for file in files if file.stage != stage]))

    def fail(self, file: LandedFile, reason: str) -> None:
        """Move the file to failed/ with the reason in its metadata."""
        # Before the move: a file in failed/ always has its reason.
        self.store.set_metadata(
            names.path(file.stage, file.name, self.root), {"reason": fit_text(reason, REASON_BYTES)}
        )
        self.move([file], "failed")

    def count_lines(self, file: LandedFile) -> None:
        """Make the metadata of a file agree with its content: a person may have corrected it in failed/."""
        name = names.path(file.stage, file.name, self.root)
        stored = self.store.read_current(name)
        lines = stored.content.splitlines() if stored else []
        rows = sum(1 for line in lines if line.strip())
        if stored and (file.is_altered or (rows, 0) != (file.rows, file.rejected_rows)):
            counts = {"rows": str(rows), "rejected_rows": "0"}
            self.store.set_metadata(name, record_content(counts, stored.content))

    def read_lines(self, file: LandedFile) -> list[bytes]:
        """The lines of a file, without line ends."""
        stored = self.store.read_current(names.path(file.stage, file.name, self.root))
        # bytes.splitlines() splits at \n and \r only, and no line contains \r (ndjson.LINE_BREAKS).
        return [] if stored is None else stored.content.splitlines()

    def write_part(self, file: LandedFile, first: int, lines: list[bytes]) -> str:
        """An object with some lines of a file, to find a row that BigQuery rejects; its name."""
        # In a folder of its own: no stage lists it, so a part is never loaded as a page.
        name = f"{self.root}/parts/{file.name.removesuffix('.json')}.{first}-{first + len(lines)}.json"
        self.store.create(name, b"\n".join(lines) + b"\n")
        return name

    def delete_parts(self, file: LandedFile) -> None:
        # Complete before the first delete, because deleting changes the following pages of a listing.
        for item in list(self.store.list(f"{self.root}/parts/{file.name.removesuffix('.json')}.")):
            self.store.delete(item.name)

    def write_rejects(self, file_name: str, rejects: Sequence[RejectedRow], origin: str = "") -> None:
        """Store rows that could not be loaded, with their reasons, in rejects/.

        Idempotent. The name contains a checksum: a replayed file may have other rejected rows than at first.
        """
        day = names.folder("archive", file_name, self.root).rpartition("/")[2]
        content = b"\n".join(msgspec.json.encode(reject) for reject in rejects) + b"\n"
        name = f"{origin}{file_name.removesuffix('.json')}.{zlib.crc32(content):08x}.json"
        self.store.create(f"{self.root}/rejects/{day}/{name}", content)

    def take_out(self, file: LandedFile, rejects: Sequence[RejectedRow]) -> LandedFile:
        """Write the rejected rows to rejects/ and the file without them. Idempotent: the content is the same."""
        lines = self.read_lines(file)
        numbers = {reject.number for reject in rejects}
        self.write_rejects(file.name, rejects)
        rest = [line for number, line in enumerate(lines, 1) if number not in numbers]
        name = names.path(file.stage, file.name, self.root)
        current = self.store.read_current(name)
        # After a kill the file may be shortened already; the line numbers would then be those of other rows.
        if current is not None and not int(current.metadata.get("rejected_rows", 0)):
            metadata = dict(current.metadata) | {"rejected_rows": str(len(numbers))}
            content = b"\n".join([*rest, b""])
            self.store.replace(name, content, current.generation, record_content(metadata, content))
        return replace(file, rows=file.rows - len(numbers), rejected_rows=len(numbers))
