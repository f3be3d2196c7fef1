"""An object as a destination: read, compared by key, and written whole where its content is another."""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sheets_sync import records, shrink
from sheets_sync.bucket import Bucket, Content
from sheets_sync.destination import Comparison
from sheets_sync.destinations.file import parquet, text
from sheets_sync.destinations.file.declaration import File as Declared
from sheets_sync.errors import Refused
from sheets_sync.exports import Export
from sheets_sync.outcome import Counts, Example, Tally, Told
from sheets_sync.records import Key, Record, Records
from sheets_sync.warehouse import Mart

MARK = "sheets_sync"  # of the metadata that say whose the object is: project/export
DIGEST = "content"


@dataclass(frozen=True)
class Planned(Comparison):
    """`body` is None where the object has this content already."""

    body: bytes | None
    over: int
    metadata: dict[str, str]


class File:
    """`owner` is project/export. An upload is one step: who reads meanwhile gets the object as it was."""

    kind = "file"

    def __init__(
        self,
        bucket: Bucket,
        declared: Declared,
        project: str,
        adopt: bool = False,
        accept_shrink: bool = False,
    ) -> None:
        self.bucket = bucket
        self.declared = declared
        self.project = project
        self.adopt = adopt
        self.accept_shrink = accept_shrink
        self.place = f"gs://{bucket.name}/{declared.path}"
        self.link = f"https://storage.cloud.google.com/{bucket.name}/{declared.path}"

    @property
    def calls(self) -> int:
        return self.bucket.calls

    def compare(self, export: Export, mart: Mart) -> Planned:
        wanted, now = records.of(export, mart), self.bucket.read(self.declared.path)
        owner = f"{self.project}/{export.name}"
        self.check_owner(now, owner)
        types = [mart.types[name] for name in export.names]
        digest = fingerprint(export.headers, types, wanted)
        changed = now.metadata.get(DIGEST) != digest
        before = self.keyed(export, self.read(now)) if changed else wanted.rows
        after = self.keyed(export, map(self.spelled, wanted.rows.values())) if changed else wanted.rows
        counts = counted(before, after, wanted.rejected)
        if not self.accept_shrink:
            shrink.check(export, len(before), counts.deleted.count, self.place)
        body = self.content(export, types, wanted) if changed else None
        told = tuple(Told("rejected", row) for row in wanted.rejected)
        metadata = {MARK: owner, DIGEST: digest}
        return Planned(counts, self.declared.path, int(changed), told, body, now.generation, metadata)

    def carry_out(self, comparison: Planned) -> Planned:
        if comparison.body is not None:
            kind = text.KIND if self.declared.format == "csv" else parquet.KIND
            self.bucket.write(self.declared.path, comparison.body, comparison.over, kind, comparison.metadata)
        return comparison

    def check_owner(self, now: Content, owner: str) -> None:
        theirs = now.metadata.get(MARK)
        if not now.generation or theirs == owner:
            return
        if theirs:
            raise Refused(f"{self.place} is written by export {theirs}. Give export {owner} another path.")
        if not self.adopt:
            raise Refused(
                f"{self.place} was not written by sheets_sync. Give the export another path, delete the "
                "object, or run with --adopt to overwrite it."
            )

    def content(self, export: Export, types: Sequence[str], wanted: Records) -> bytes:
        if self.declared.format == "csv":
            return text.write(export.headers, wanted.rows.values())
        return parquet.write(export.headers, types, list(wanted.values.values()))

    def spelled(self, record: Record) -> Record:
        """As it is read back."""
        return text.spelled(record) if self.declared.format == "csv" else record

    def read(self, now: Content) -> list[Record]:
        """What the object has; nothing where it is not what we wrote."""
        try:
            return (text if self.declared.format == "csv" else parquet).read(now.body) if now.body else []
        except ValueError:
            return []

    def keyed(self, export: Export, rows: Iterable[Record]) -> dict[Key, Record]:
        fields = records.key_fields(export)
        return {records.key_of(row, fields): row for row in rows}


def fingerprint(headers: Sequence[str], types: Sequence[str], wanted: Records) -> str:
    said = hashlib.sha256(records.written([headers, types]).encode())
    for row in wanted.rows.values():
        said.update("\x1f".join([*row.values(), "\n"]).encode())
    return said.hexdigest()


def counted(old: dict[Key, Record], new: dict[Key, Record], refused: Sequence[Example]) -> Counts:
    """Both as they are read from the object."""
    changes = {key: records.changes(old[key], row) for key, row in new.items() if key in old}
    return Counts(
        inserted=Tally.of(Example(records.said(key)) for key in new if key not in old),
        updated=Tally.of(Example(records.said(key), told) for key, told in changes.items() if told),
        deleted=Tally.of(Example(records.said(key)) for key in old if key not in new),
        rejected=Tally.of(refused),
    )
