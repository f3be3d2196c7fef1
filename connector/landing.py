"""The files of an endpoint, and where each of them is: in ─▶ processing ─▶ archive, or failed.

An object says of itself what a run needs to go on: which page it is, how many rows, what the source said
beside them. So the listing is the checkpoint: a process that starts with nothing knows all that the dead one
knew."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Protocol

import msgspec

from connector import names
from connector.drift import Found, Seen, Shape
from connector.names import Run, Stage
from connector.tally import Fetched

MOVERS = 16
METADATA_CHARACTERS = 2000  # Cloud Storage takes 8 KiB of metadata per object


@dataclass(frozen=True)
class Object:
    """`size` in bytes."""

    name: str
    size: int
    metadata: dict[str, str]


class Bucket(Protocol):
    """What landing needs of a bucket; connector.bucket.Bucket is the one in Cloud Storage."""

    def create(self, name: str, content: bytes, metadata: dict[str, str] | None = None) -> bool: ...
    def replace(self, name: str, content: bytes, generation: int) -> int | None: ...
    def generation(self, name: str) -> int: ...
    def read(self, name: str, generation: int) -> bytes | None: ...
    def list(self, prefix: str) -> Iterator[Object]: ...
    def move(self, source: str, target: str) -> None: ...
    def describe(self, name: str, metadata: dict[str, str]) -> None: ...


@dataclass(frozen=True)
class File:
    """`reason` says why a file is in failed/; `drift` names its fields that have no column, `changes` what
    no item of the endpoint was like before."""

    name: str
    stage: Stage
    bytes: int
    rows: int
    drift: frozenset[str] = frozenset()
    changes: frozenset[Seen] = frozenset()
    reason: str | None = None
    fetched: Fetched | None = None


class Landing:
    def __init__(self, bucket: Bucket, endpoint: str) -> None:
        self.bucket = bucket
        self.endpoint = endpoint

    def put(self, run: Run, fetched: Fetched, content: bytes, found: Found) -> None:
        """Write a page's file once; if it is there already, this run has written it before."""
        metadata = {"run": run.id, "page": str(fetched.page), "rows": str(fetched.rows), "mark": fetched.mark}
        if fetched.total_pages is not None:
            metadata["total_pages"] = str(fetched.total_pages)
        if fetched.total_items is not None:
            metadata["total_items"] = str(fetched.total_items)
        if fetched.next is not None:
            metadata["next"] = fetched.next
        if found.nameless:
            metadata["drift"] = some(sorted(found.nameless))
        if found.changes:
            metadata["changes"] = some(sorted(found.changes))
        self.bucket.create(names.path("in", run.file(fetched.page)), content, metadata)

    def shape(self) -> Shape | None:
        """What items of the endpoint have looked like so far; None before the first page of all."""
        generation = self.bucket.generation(self.shape_name)
        content = self.bucket.read(self.shape_name, generation) if generation else None
        return msgspec.json.decode(content, type=Shape) if content else None

    def keep_shape(self, shape: Shape) -> None:
        """For the runs to come. Only the owner of the lease writes it."""
        content = msgspec.json.encode(shape)
        self.bucket.replace(self.shape_name, content, self.bucket.generation(self.shape_name))

    @property
    def shape_name(self) -> str:
        return f"{self.endpoint}/shape.json"

    def of_run(self, run: Run, *stages: Stage) -> list[File]:
        return self.files({f"{names.folder(stage, run.file(1))}/{run.prefix}": stage for stage in stages})

    def named(self, files: Iterable[str], *stages: Stage) -> list[File]:
        wanted = set(files)
        folders = {f"{names.folder(stage, name)}/": stage for stage in stages for name in wanted}
        return [file for file in self.files(folders) if file.name in wanted]

    def of_day(self, day: str) -> list[File]:
        """What runs of `day` (YYYYMMDD) brought, wherever it ended."""
        failed = f"{self.endpoint}/failed/{day[:4]}/{day[4:6]}/{day[6:]}/"
        return self.files({f"{self.endpoint}/archive/{day}/": "archive", failed: "failed"})

    def failed(self) -> list[File]:
        return self.files({f"{self.endpoint}/failed/": "failed"})

    def unfinished(self) -> list[File]:
        return self.files({f"{self.endpoint}/in/": "in", f"{self.endpoint}/processing/": "processing"})

    def files(self, prefixes: Mapping[str, Stage]) -> list[File]:
        """In the order of their names. A file that a crash left in two stages counts where it was going: the
        later of `prefixes`."""
        found = {}
        for prefix, stage in prefixes.items():
            for item in self.bucket.list(prefix):
                file = parse(item, stage)
                found[file.name] = file
        return sorted(found.values(), key=lambda file: file.name)

    def move(self, files: Iterable[File], stage: Stage) -> None:
        def one(file: File) -> None:
            self.bucket.move(names.path(file.stage, file.name), names.path(stage, file.name))

        with ThreadPoolExecutor(MOVERS, "move") as pool:
            list(pool.map(one, [file for file in files if file.stage != stage]))

    def fail(self, file: File, reason: str) -> None:
        self.bucket.describe(names.path(file.stage, file.name), {"reason": reason[:METADATA_CHARACTERS]})
        self.move([file], "failed")


def some(fields: Sequence[Any]) -> str:
    while len(text := json.dumps(fields)) > METADATA_CHARACTERS:
        fields = fields[: len(fields) // 2]
    return text


def parse(item: Object, stage: Stage) -> File:
    known = item.metadata
    return File(
        name=item.name.rpartition("/")[2],
        stage=stage,
        bytes=item.size,
        rows=int(known.get("rows", 0)),
        drift=frozenset(json.loads(known.get("drift", "[]"))),
        changes=frozenset((path, kind) for path, kind in json.loads(known.get("changes", "[]"))),
        reason=known.get("reason"),
        fetched=parse_fetched(known) if "page" in known else None,
    )


def parse_fetched(known: dict[str, str]) -> Fetched:
    return Fetched(
        page=int(known["page"]),
        rows=int(known["rows"]),
        total_pages=number(known.get("total_pages")),
        total_items=number(known.get("total_items")),
        mark=known.get("mark", ""),
        next=known.get("next"),
    )


def number(text: str | None) -> int | None:
    return None if text is None else int(text)
