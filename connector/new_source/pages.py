"""Endpoints of an API: where the items of a response are, and columns from its first pages."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import msgspec

from connector.errors import DeclarationError, RequestRejected
from connector.new_source.request import Credentials, Request
from connector.new_source.samples import (
    Sample,
    decode_rows,
    key_comment,
    propose_columns,
    propose_key,
)
from connector.new_source.tables import NewTable, Proposal
from connector.settings import Settings
from connector.source_preview import read_pages
from connector.sources.rest.config import RestSource
from connector.sources.rest.json_body import decode_lines
from connector.sources.rest.paging import Paging
from connector.sources.rest.reader import RestReader, create_reader
from connector.sources.window import IdRange
from runtime.retry import RetryPolicy

MAX_DEPTH = 4


def propose(request: Request, environ: Mapping[str, str], _: Credentials) -> Proposal:
    """Keys of the source, and its tables. DeclarationError, SettingsError or SourceError."""
    tables: list[NewTable] = []
    paging: dict[str, Any] = dict(request.options.get("paging") or {})
    for name, path in request.places.items():
        items = paging.get("items") or find_items(
            request.with_options(paging=paging | {"items": "$"}), environ, name
        )
        # One declaration for all endpoints, which those with another place of the items override.
        paging.setdefault("items", items)
        overrides = {} if items == paging["items"] else {"paging": {"items": items}}
        tables.append(propose_table(request.with_options(paging=paging), environ, name, path, overrides))
    return request.with_options(paging=paging).head(), tables


def open_reader(request: Request, environ: Mapping[str, str], name: str, **overrides: Any) -> RestReader:
    source = request.draft(**overrides)
    assert isinstance(source, RestSource)
    settings: Settings = request.settings(source, environ)
    # A person waits for the answer, so an API that does not respond is soon reported.
    return create_reader(source, name, settings, lambda: RetryPolicy(attempts=2, limited_attempts=2))


def find_items(request: Request, environ: Mapping[str, str], name: str) -> str:
    """The path of the only list of objects in the response; DeclarationError if there are several or none."""
    reader = open_reader(request, environ, name)
    try:
        content = reader.read_first_body()
        body = msgspec.json.decode(content)
    except msgspec.MsgspecError as error:
        text = f"{reader.url} did not return JSON: {error}. Nothing was written.{propose_lines(content)}"
        raise RequestRejected(text) from error
    finally:
        reader.client.session.close()
    paths = list(find_lists(body, ""))
    if len(paths) != 1:
        places = (
            f"lists of objects at {', '.join(paths)}" if paths else f"no list of objects; {describe(body)}"
        )
        raise DeclarationError(
            f"the response of {reader.url} has {places}. Name the path: --option 'paging={{items: PATH}}', and add "
            "`form: object` if it is that of an object whose values are the items."
        )
    return paths[0]


def propose_lines(content: bytes) -> str:
    """The option for a body with one JSON value a line; empty for another one."""
    try:
        decode_lines(content)
    except msgspec.MsgspecError:
        return ""
    return " Each line of it is JSON: --option 'paging={items: $, form: lines}'."


def find_lists(value: Any, path: str) -> Iterator[str]:
    """Paths of lists with objects; lists inside of such a list belong to its items."""
    if isinstance(value, list) and value and all(isinstance(item, dict) for item in value):
        yield path or "$"
    elif isinstance(value, dict) and path.count(".") < MAX_DEPTH:
        for name, member in value.items():
            yield from find_lists(member, f"{path}.{name}" if path else name)


def describe(body: Any) -> str:
    if isinstance(body, dict):
        return f"it is an object with: {', '.join(body) or 'nothing'}"
    return f"it is {'an empty list' if body == [] else type(body).__name__}"


def propose_table(
    request: Request, environ: Mapping[str, str], name: str, path: str, overrides: dict[str, Any]
) -> NewTable:
    reader = open_reader(request, environ, name, **overrides)
    try:
        sample = Sample(reader.url, [decode_rows(page) for page in read_pages(reader, IdRange())])
    finally:
        reader.client.session.close()
    columns = propose_columns(sample)
    requested = request.keys.get(name, ())
    key = propose_key(sample, columns, requested)
    declared = {"path": path} | request.endpoint_options | overrides
    return NewTable(
        name, path, columns, key, declared, list(write_comments(reader.paging, key, sample, requested))
    )


def write_comments(
    paging: Paging, key: Sequence[str], sample: Sample, requested: Sequence[str]
) -> Iterator[str]:
    yield key_comment(key, sample, bool(requested))
    if type(paging) is Paging:
        yield "decide: without a kind of paging one page is all; see docs/guides/api-as-a-source.md"
    if not (paging.total_items or paging.total_pages):
        yield "decide: `total_items` or `total_pages`, with which a run notices that items are missing"
    yield "decide: without `window` or `time_window` every run reads all items"
