"""Read the new and changed files of a folder. A part of the plan is one file, or a range of the rows of a large one."""

import time
from collections.abc import Callable, Collection, Iterator
from pathlib import PurePosixPath
from unicodedata import normalize

from connector.errors import SourceUnavailable
from connector.landing.files import RejectedRow
from connector.raw_schema import Column
from connector.sources.base import fingerprint
from connector.sources.files.config import Csv, FilesEndpoint, JsonArray, JsonLines
from connector.sources.files.content import Rows, UnreadableFile, check_text, is_gzip, read_content
from connector.sources.files.csv_split import CsvSplitter
from connector.sources.files.delimited import read_rows
from connector.sources.files.json_rows import JsonRows, read_json_array, read_json_lines, split_lines
from connector.sources.files.ledger import Entry, Ledger, is_read
from connector.sources.files.parquet import MAX_FILE_BYTES as MAX_PARQUET_BYTES
from connector.sources.files.parquet import read_parquet
from connector.sources.files.position import PartRange, parse_position
from connector.sources.files.provenance import Provenance
from connector.sources.files.store import FileInfo, FileStore
from connector.sources.files.text_lines import has_byte_lines
from connector.sources.planned import PartContent, PlannedReader, ReadPlan
from connector.sources.window import IdRange

PART_BYTES = 4 << 20  # a part and its JSON lines are in memory, once per connection
COMPRESSION = 16  # a gzip file above a 16th of PART_BYTES may have more than PART_BYTES
MAX_FILES = 10_000  # per run: the plan is stored in run.json; the oldest files come first

UTF8_ONLY = (
    "JSON lines must be UTF-8: ask for a file in UTF-8, or declare a JSON array as `format: {json: {}}`."
)


class FilesReader(PlannedReader):
    """`columns`: of the table in raw. `now`: seconds since 1970 UTC."""

    keeps_gaps = False  # a file that could not be read is not in the ledger, so the next plan contains it

    def __init__(
        self,
        store: FileStore,
        ledger: Ledger,
        endpoint: FilesEndpoint,
        columns: list[Column],
        connections: int = 2,
        now: Callable[[], float] = time.time,
        part_bytes: int = PART_BYTES,
    ) -> None:
        self.store = store
        self.ledger = ledger
        self.endpoint = endpoint
        self.format = endpoint.parse_format()
        self.columns = columns
        self.column_names = frozenset(column["name"] for column in columns)
        self.connections = connections
        self.now = now
        self.part_bytes = part_bytes
        self.gone: frozenset[str] = frozenset()

    @property
    def fingerprint(self) -> str:
        endpoint, address = self.endpoint, [self.store.server, self.store.url]
        return fingerprint(
            address, endpoint.glob, endpoint.format, endpoint.rename, sorted(self.column_names)
        )

    def make_plan(self, span: IdRange) -> ReadPlan:
        files = list_matching(self.store, self.endpoint)
        entries = self.ledger.read_entries()
        # Dropped from the ledger after the load: a file that returns is new again.
        self.gone = frozenset(entries.keys() - {file.key for file in files})
        settled = self.now() - self.endpoint.settle
        new = [
            file
            for file in files
            if not is_read(file, entries.get(file.key), self.fingerprint)
            and (not self.endpoint.settle or file.modified <= settled)
        ]
        # The oldest first, so that a backlog above MAX_FILES is read in its order.
        new.sort(key=lambda file: (file.modified, file.key))
        parts = [part.encode() for file in new[:MAX_FILES] for part in self._split(file)]
        return ReadPlan(tuple(parts), notes=tuple(self._notes(files, entries, len(new))))

    def _notes(self, files: list[FileInfo], entries: dict[str, Entry], new: int) -> Iterator[str]:
        if not files:
            yield f"no file matches {self.endpoint.glob!r} in {self.store.url}"
        unreadable = [
            file.key
            for file in files
            if (entry := entries.get(file.key))
            and entry.unreadable
            and is_read(file, entry, self.fingerprint)
        ]
        if unreadable:
            yield f"{len(unreadable)} files are unreadable since an earlier run: {', '.join(unreadable[:5])}"
        if new > MAX_FILES:
            yield f"{new - MAX_FILES} new files are left to the next run: a run reads at most {MAX_FILES}"

    def _split(self, file: FileInfo) -> list[PartRange]:
        """One part for a small file. A file that cannot be split is one part too: reading it reports the reason."""
        whole = PartRange(file)
        # The size of the content is not known before it is decompressed.
        limit = self.part_bytes // COMPRESSION if is_gzip(file.key) else self.part_bytes
        if file.size <= limit:
            return [whole]
        try:
            if isinstance(self.format, Csv) and has_byte_lines(self.format.encoding):
                splitter = CsvSplitter(whole, self.format, self.endpoint.rename, self.part_bytes)
                return splitter.split(lambda: read_content(self.store, whole))
            if isinstance(self.format, JsonLines):
                return split_lines(read_content(self.store, whole), whole, self.part_bytes) or [whole]
        except (UnreadableFile, SourceUnavailable):
            # Not raised: a bad file must not keep the plan of all others from being made.
            pass
        return [whole]

    def read_part(self, position: str, file_name: str) -> PartContent:
        part = parse_position(position)
        try:
            rows = self._read_rows(part, Provenance(part.file, file_name, self.column_names))
        except UnreadableFile as error:
            reason = f"{self.store.url}{part.file.key}: {error}"
            return PartContent(b"", 0, [RejectedRow(part.line, reason, part.file.key)], unreadable=reason)
        notes = [f"{part.file.key}: {repair}" for repair in rows.repairs]
        if rows.rejects:
            first = rows.rejects[0]
            notes.append(
                f"{len(rows.rejects)} rows of {part.file.key} are in rejects/, the first is line {first.number}: "
                f"{first.reason}"
            )
        unmapped = tuple(sorted(set(rows.names) - self.column_names))
        return PartContent(
            rows.content.getvalue(), rows.rows, rows.rejects, "; ".join(notes) or None, unmapped
        )

    def _read_rows(self, part: PartRange, provenance: Provenance) -> Rows:
        chunks, rename = read_content(self.store, part), self.endpoint.rename
        match self.format:
            case Csv() as declared:
                if not part.start and has_byte_lines(declared.encoding):
                    chunks = check_text(chunks, "Declare this `encoding`.")
                return read_rows(chunks, part, declared, rename, self.endpoint.key, provenance)
            case JsonLines(reject=reject):
                chunks = chunks if part.start else check_text(chunks, UTF8_ONLY)
                return read_json_lines(chunks, part, JsonRows(self.columns, rename, provenance, reject))
            case JsonArray():
                return read_json_array(chunks, JsonRows(self.columns, rename, provenance))
        if part.file.size > MAX_PARQUET_BYTES:
            raise UnreadableFile(
                f"the file has {part.file.size >> 20} MB, at most {MAX_PARQUET_BYTES >> 20} MB are supported. Write "
                "several smaller files."
            )
        return read_parquet(chunks, rename, self.endpoint.key, provenance)

    def on_loaded(
        self,
        plan: ReadPlan,
        failed: Collection[int],
        unreadable: Collection[int],
        rejecting: Collection[int] = (),
    ) -> None:
        """A file of several parts is read once all of them are."""
        files = [parse_position(position).file for position in plan.parts]
        # Numbers of parts begin at 1.
        incomplete = {files[number - 1].key for number in failed}
        bad, partly = ({files[number - 1].key for number in numbers} for numbers in (unreadable, rejecting))
        entries = {
            file.key: Entry(
                file.etag,
                file.size,
                unreadable=self.fingerprint if file.key in bad else "",
                partly=self.fingerprint if file.key in partly else "",
            )
            for file in files
            if file.key not in incomplete
        }
        self.ledger.update(entries, self.gone - entries.keys())


def list_matching(store: FileStore, endpoint: FilesEndpoint) -> list[FileInfo]:
    """Pseudo-folders, which some tools store as empty objects, are left out."""
    return [
        file
        for file in store.list_files(endpoint.prefix)
        if not file.key.endswith("/") and matches(file.key, endpoint.glob)
    ]


def matches(key: str, glob: str) -> bool:
    """A key may begin with a slash, if a program has joined names with one too many, and its letters and their accents
    may be characters of their own, as on a Mac."""
    name = PurePosixPath(normalize("NFC", key.lstrip("/")))
    return name.full_match(normalize("NFC", glob))
