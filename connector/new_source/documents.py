"""Collections of MongoDB: fields from their documents; the key is _id."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from connector.new_source.request import Credentials, Request
from connector.new_source.samples import key_comment, propose_columns, propose_key, read_parts
from connector.new_source.tables import NewColumn, NewTable, Proposal
from connector.sources.database.description import CHANGE_NAME


def propose(request: Request, environ: Mapping[str, str], _: Credentials) -> Proposal:
    """Keys of the source, and its tables. DeclarationError, SettingsError or SourceError."""
    # Imported here: only this kind needs pymongo.
    from connector.sources.mongodb.reader import create_reader

    source: Any = request.draft()
    settings = request.settings(source, environ)
    tables = []
    for name, place in request.places.items():
        reader = create_reader(source, name, settings, [])
        try:
            sample = read_parts(reader, f"collection {place}")
        finally:
            reader.client.close()
        columns = propose_columns(sample)
        requested = request.keys.get(name, ())
        key = propose_key(sample, columns, requested or ["_id"])
        comments = [key_comment(key, sample, True)] if requested else []
        declared = {"collection": place} | request.endpoint_options
        tables.append(NewTable(name, place, columns, key, declared, [*comments, *write_comments(columns)]))
    return request.head(), tables


def write_comments(columns: Sequence[NewColumn]) -> Iterator[str]:
    times = [column.field for column in columns if column.type == "timestamp"]
    field = next((name for name in times if CHANGE_NAME.search(name)), None)
    window = f"window: {{field: {field}, look_back: 1h}}" if field else "window"
    yield (
        f"decide: without `{window}` every run reads the whole collection; a window needs an index, and documents "
        "without a date in its field are in no window"
    )
    yield "decide: fields that only other documents have are reported as drift by the first run"
