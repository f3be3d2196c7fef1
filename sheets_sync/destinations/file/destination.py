"""An object as a destination: compared by key, and replaced if its content differs."""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from runtime.errors import StorageError
from runtime.object_store import ObjectStore
from runtime.stored_object import StoredObject
from sheets_sync.destination import Comparison
from sheets_sync.destinations.file import csv_format, parquet_format
from sheets_sync.destinations.file.config import FileConfig
from sheets_sync.errors import Refused
from sheets_sync.export import Export
from sheets_sync.options import Options
from sheets_sync.outcome import Counts, Example, RowIssue, RowSummary
from sheets_sync.records import (
    Key,
    Record,
    Records,
    build_records,
    describe_changes,
    describe_key,
    encode_value,
    key_headers,
    record_key,
)
from sheets_sync.row_loss_guard import check_row_loss
from sheets_sync.seen import Seen
from sheets_sync.warehouse import Mart

OWNER_KEY = "sheets_sync"  # metadata of the object: project/export
DIGEST_KEY = "content"


@dataclass(frozen=True)
class FilePlan(Comparison):
    """`body`: None if the object already has this content. `generation` is the one that was compared."""

    body: bytes | None
    generation: int
    metadata: dict[str, str]


class FileDestination:
    """An upload replaces the object in one step: concurrent readers receive the old content or the new."""

    kind = "file"

    def __init__(self, store: ObjectStore, config: FileConfig, project: str, options: Options) -> None:
        self.store = store
        self.config = config
        self.project = project
        self.options = options
        self.calls = 0
        self.address = f"gs://{store.bucket}/{config.path}"
        self.link = f"https://storage.cloud.google.com/{store.bucket}/{config.path}"

    def find_unchanged(self, export: Export, seen: Seen) -> None:
        """None: An object is compared by its digest, which costs one request."""

    def compare(self, export: Export, mart: Mart) -> FilePlan:
        records, current = build_records(export, mart), self.read_object()
        owner = f"{self.project}/{export.name}"
        self.check_owner(current, owner)
        types = [mart.types[name] for name in export.names]
        digest = content_digest(export.headers, types, records)
        is_changed = current is None or current.metadata.get(DIGEST_KEY) != digest
        if is_changed:
            before = index_records(export, self.decode_object(current))
            after = index_records(export, map(self.as_read_back, records.rows.values()))
        else:
            # The digest proves that nothing changed, so the object need not be decoded to count.
            before = after = records.rows
        counts = count_changes(before, after, records.rejected)
        if not self.options.accept_row_loss:
            check_row_loss(export, len(before), counts.deleted.count, self.address)
        return FilePlan(
            counts,
            self.config.path,
            int(is_changed),
            tuple(RowIssue("rejected", row) for row in records.rejected),
            (),
            self.encode_object(export, types, records) if is_changed else None,
            # Cloud Storage writes over generation 0 only if the object does not exist.
            current.generation if current else 0,
            {OWNER_KEY: owner, DIGEST_KEY: digest},
        )

    def apply(self, comparison: FilePlan) -> FilePlan:
        if comparison.body is None:
            return comparison
        is_csv = self.config.format == "csv"
        content_type = csv_format.CONTENT_TYPE if is_csv else parquet_format.CONTENT_TYPE
        self.calls += 1
        generation = self.store.replace(
            self.config.path, comparison.body, comparison.generation, comparison.metadata, content_type
        )
        if generation is None:
            raise StorageError(
                f"{self.address} was written by another process meanwhile. It is unchanged by this run; the "
                "next run compares it again."
            )
        return comparison

    def describe_sample(self, comparison: FilePlan) -> str:
        return ""

    def record_failure(self, export: Export, error: str) -> None:
        """Nothing: a failure is recorded in ops only."""

    def read_object(self) -> StoredObject | None:
        current = self.store.read_current(self.config.path)
        self.calls += 2 if current else 1  # metadata, then content
        return current

    def check_owner(self, current: StoredObject | None, owner: str) -> None:
        other = current.metadata.get(OWNER_KEY) if current else owner
        if other == owner:
            return
        if other:
            raise Refused(f"{self.address} is written by export {other}. Give export {owner} another path.")
        if not self.options.adopt:
            raise Refused(
                f"{self.address} was not written by sheets_sync. Give the export another path, delete the "
                "object, or run with --adopt to overwrite it."
            )

    def encode_object(self, export: Export, types: Sequence[str], records: Records) -> bytes:
        if self.config.format == "csv":
            return csv_format.write_csv(export.headers, records.rows.values())
        return parquet_format.write_parquet(export.headers, types, list(records.values.values()))

    def decode_object(self, current: StoredObject | None) -> list[Record]:
        """No records if the object is not in the format that sheets_sync writes."""
        if not current or not current.content:
            return []
        read = csv_format.read_csv if self.config.format == "csv" else parquet_format.read_parquet
        try:
            return read(current.content)
        except ValueError:
            return []

    def as_read_back(self, record: Record) -> Record:
        return csv_format.as_read_back(record) if self.config.format == "csv" else record


def index_records(export: Export, rows: Iterable[Record]) -> dict[Key, Record]:
    headers = key_headers(export)
    return {record_key(row, headers): row for row in rows}


def content_digest(headers: Sequence[str], types: Sequence[str], records: Records) -> str:
    # Of the rows and not of the file: another version of pyarrow writes other bytes for the same rows.
    digest = hashlib.sha256(encode_value([headers, types]).encode())
    for row in records.rows.values():
        # JSON escapes control characters, so \x1f separates the values unambiguously.
        digest.update("\x1f".join([*row.values(), "\n"]).encode())
    return digest.hexdigest()


def count_changes(old: dict[Key, Record], new: dict[Key, Record], rejected: Sequence[Example]) -> Counts:
    """`old` and `new` as they are read back from the object."""
    changes = {key: describe_changes(old[key], row) for key, row in new.items() if key in old}
    return Counts(
        inserted=RowSummary.from_rows(Example(describe_key(key)) for key in new if key not in old),
        updated=RowSummary.from_rows(
            Example(describe_key(key), detail) for key, detail in changes.items() if detail
        ),
        deleted=RowSummary.from_rows(Example(describe_key(key)) for key in old if key not in new),
        rejected=RowSummary.from_rows(rejected),
    )
