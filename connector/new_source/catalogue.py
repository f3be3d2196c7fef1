"""Tables of PostgreSQL and MySQL: columns, types, key and window from the server's catalogue."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from connector.errors import DeclarationError, RequestRejected
from connector.new_source.request import Credentials, Request
from connector.new_source.tables import (
    MAX_COMMENT,
    NewColumn,
    NewTable,
    Proposal,
    choose_key,
    list_names,
    name_columns,
)
from connector.settings import Settings
from connector.sources.database.config import DatabaseSource
from connector.sources.database.database import Field, Session, Table
from connector.sources.database.description import propose_declaration
from connector.sources.database.reader import TableReader

TABLES = """
select table_schema, table_name from information_schema.tables
where table_schema not in ('information_schema', 'pg_catalog', 'mysql', 'performance_schema', 'sys')
order by table_schema, table_name
"""
LISTED_TABLES = 50
DECIMALS = ("numeric", "decimal")
OLD_DAYS = (
    "decide: days before 1990 (birthdays) or over a year ahead are rejected; types.asReceived keeps them"
)


def propose(request: Request, environ: Mapping[str, str], _: Credentials) -> Proposal:
    """Keys of the source, and its tables. DeclarationError, SettingsError or SourceError."""
    source = request.draft()
    assert isinstance(source, DatabaseSource)
    settings = request.settings(source, environ)
    return request.head(), [
        propose_table(name, place, read_table(source, name, settings), request.keys.get(name, ()))
        for name, place in request.places.items()
    ]


def propose_table(name: str, relation: str, table: Table, requested: Sequence[str] = ()) -> NewTable:
    """DeclarationError without a primary key."""
    columns = name_columns([field.name for field in table.fields])
    fields = {field.name: field for field in table.fields}
    proposed: Any = propose_declaration(table)
    key = choose_key(relation, requested or proposed["key"], columns)
    if not key:
        raise DeclarationError(
            f"{relation} has no primary key in the catalogue; {list_names(columns)} Add a primary key, or name columns "
            "that are unique together: --key COLUMN,COLUMN (docs/guides/a-database-as-a-source.md)."
        )
    changed = fields[proposed["window"]["field"]] if proposed["window"] else None
    # A key that only grows finds no update, and rows without a time are in no window: a person must decide on these.
    is_safe = changed and changed.group != "integer" and not changed.is_nullable
    window = {"window": {"field": columns[changed.name], "look_back": "1h"}} if changed and is_safe else {}
    return NewTable(
        name,
        relation,
        [propose_column(field, columns[field.name]) for field in table.fields],
        key,
        {"relation": relation} | window,
        list(write_comments(bool(window), table)),
    )


def write_comments(has_window: bool, table: Table) -> Iterator[str]:
    if has_window:
        yield "decide: does every change of a row set the window's field?"
        yield "decide: `deletes: {compare: daily}` finds deleted rows; it needs SYS_DATE_DELETE in the schema"
    else:
        yield "decide: without `window` every run reads the whole table; see docs/guides/new-source.md"
    if table.hidden:
        yield f'decide: the account may not read, so no run copies: "{", ".join(table.hidden)}"'
    if table.hides_rows:
        yield "decide: row-level security hides rows from the account; no run copies them"


def propose_column(field: Field, name: str) -> NewColumn:
    kind, note = type_of(field)
    comment = " ".join((field.description or field.name).split())[:MAX_COMMENT]
    return NewColumn(field.name, name, f"{comment}: {field.type}.", kind, note)


def type_of(field: Field) -> tuple[str, str]:
    """A type of types.js that loses no digit of the source's type, and a question; text as received for all others."""
    if field.group == "integer" and "unsigned" not in field.type.lower():
        return "integer", ""
    if field.group == "day":
        return "date", OLD_DAYS
    if field.group in ("moment", "local time"):
        return (
            "timestamp",
            "decide: times before 1990 or in the future are rejected; types.asReceived keeps them",
        )
    if field.type.lower().startswith(DECIMALS):
        return (
            "decimal",
            "decide: digits after the ninth are rounded; NaN and 30 digits before the point are rejected",
        )
    return "asReceived", ""


def read_table(source: DatabaseSource, name: str, settings: Settings) -> Table:
    """The catalogue of one table; RequestRejected lists the tables if the account may read no column of it."""
    with open_reader(source, name, settings) as reader:
        try:
            with reader.sessions.begin() as session:
                table = session.read_table()
            problem = "the account may read no column of it" if not table.fields else ""
        except RequestRejected as error:
            table, problem = Table([]), str(error)
        if problem:
            with reader.sessions.begin() as session:
                raise RequestRejected(
                    f"{source.endpoints[name].relation}: {problem}; tables that the account sees: "
                    f"{list_tables(session)}"
                )
    return table


@contextmanager
def open_reader(source: DatabaseSource, name: str, settings: Settings) -> Iterator[TableReader]:
    # Imported here: Google's clients take half a second, and usage errors are reported before.
    from connector.run.assembly import create_mysql_reader, create_postgres_reader

    create = create_postgres_reader if source.kind == "postgres" else create_mysql_reader
    reader = create(source, name, settings)
    assert isinstance(reader, TableReader)
    try:
        yield reader
    finally:
        reader.sessions.close()


def list_tables(session: Session) -> str:
    names = [f"{schema}.{table}" for schema, table in session.read_rows(TABLES)]
    more = f" and {len(names) - LISTED_TABLES} more" if len(names) > LISTED_TABLES else ""
    return ", ".join(names[:LISTED_TABLES]) + more + "." if names else "none; ask the owner for GRANT SELECT."
