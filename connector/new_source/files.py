"""Folders of files: format, delimiter and encoding from the newest file, columns from the rows."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from typing import Any

import msgspec

from connector.errors import RequestRejected
from connector.new_source.file_format import LEGACY, detect_format
from connector.new_source.request import Credentials, Request
from connector.new_source.samples import Sample, key_comment, propose_columns, propose_key, read_parts
from connector.new_source.tables import NewTable, Proposal
from connector.settings import Settings
from connector.sources.files.assembly import open_store
from connector.sources.files.config import FilesSource
from connector.sources.files.ledger import Entry, Ledger
from connector.sources.files.reader import FilesReader, list_matching
from connector.sources.files.store import FileInfo, FileStore

CONNECTIONS = 2


class NoLedger(Ledger):
    """Every file is new."""

    def __init__(self) -> None: ...

    def read_entries(self) -> dict[str, Entry]:
        return {}


def propose(request: Request, environ: Mapping[str, str], credentials: Credentials) -> Proposal:
    """Keys of the source, and its tables. DeclarationError, SettingsError or SourceError."""
    tables = []
    for name, glob in request.places.items():
        # Any format, until the files show theirs.
        source = request.draft(format=request.options.get("format", {"csv": {}}))
        assert isinstance(source, FilesSource)
        store = open_files(source, request.settings(source, environ), credentials)
        files = list_files(store, source, name)
        declared = request.options.get("format") or detect_format(store, files[-1])
        tables.append(propose_table(request, store, name, glob, declared))
    return request.head(), tables


def open_files(source: FilesSource, settings: Settings, credentials: Credentials) -> FileStore:
    # Imported here: only gs:// needs it.
    from runtime.object_store import ObjectStore, open_bucket

    def open_any(bucket: str) -> ObjectStore:
        return open_bucket(credentials(), settings.storage_endpoint, bucket, CONNECTIONS)

    return open_store(source, settings, open_any)


def list_files(store: FileStore, source: FilesSource, name: str) -> list[FileInfo]:
    """The oldest first; RequestRejected without a file."""
    endpoint = source.endpoints[name]
    files = list_matching(store, endpoint)
    if not files:
        existing = ", ".join(sorted(file.key for file in islice(store.list_files(""), 20))) or "no file"
        raise RequestRejected(
            f"no file matches {endpoint.glob!r} in {store.url}, which has: {existing}. Nothing was written."
        )
    return sorted(files, key=lambda file: (file.modified, file.key))


def propose_table(
    request: Request, store: FileStore, name: str, glob: str, declared: dict[str, Any]
) -> NewTable:
    source = request.draft(format=declared)
    assert isinstance(source, FilesSource)
    # The key is not known yet, and a file without its column would be unreadable.
    endpoint = msgspec.structs.replace(source.endpoints[name], key=[])
    sample = read_parts(FilesReader(store, NoLedger(), endpoint, []), f"{store.url}{glob}")
    columns = propose_columns(sample)
    requested = request.keys.get(name, ())
    key = propose_key(sample, columns, requested)
    declared_keys = {"glob": glob} | request.endpoint_options | {"format": declared}
    return NewTable(
        name, glob, columns, key, declared_keys, list(write_comments(declared, key, sample, requested))
    )


def write_comments(
    declared: Mapping[str, Any], key: Sequence[str], sample: Sample, requested: Sequence[str]
) -> Iterator[str]:
    yield key_comment(key, sample, bool(requested))
    yield "decide: `settle: 60` leaves files to the next run that may still be written; uploads to buckets need none"
    if "csv" in declared:
        yield 'decide: texts that mean NULL besides the empty field, for example "null": ["NULL"]'
    if "csv" in declared and (declared["csv"] or {}).get("encoding") == LEGACY:
        yield f"decide: the newest file is not UTF-8; {LEGACY} is a guess, ask who writes it"
