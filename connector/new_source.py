"""Write the files of a new source from the catalogue of its database: `python -m connector new NAME --kind …`.

Declaration, schemas, and the Dataform skeletons of raw and ods. Nothing that exists is changed; all files or none.
"""

import argparse
import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from connector import skeletons
from connector.declaration_check import FILE_NAME, check_declaration, find_secret_conflicts
from connector.errors import DeclarationError, RequestRejected
from connector.settings import Settings
from connector.skeletons import RESERVED, NewTable
from connector.sources import registry
from connector.sources.database.config import DatabaseSource
from connector.sources.database.database import Session, Table
from connector.sources.database.reader import TableReader
from runtime.errors import UsageError
from runtime.settings import read_required

ROOT = Path(__file__).parents[1]
SOURCES, SCHEMAS = Path("connector/sources"), Path("connector/schemas")
MODELS = Path("dataform/definitions")
# Other kinds have no catalogue with keys and types; their declaration is written by hand.
GUIDES = {
    "files": "docs/reference/source-declaration.md",
    "mongodb": "docs/reference/source-declaration.md",
    "rest": "docs/guides/api-as-a-source.md",
    "sheet": "docs/guides/sheet-as-a-source.md",
}
TABLES = """
select table_schema, table_name from information_schema.tables
where table_schema not in ('information_schema', 'pg_catalog', 'mysql', 'performance_schema', 'sys')
order by table_schema, table_name
"""
SHOWN_TABLES = 50


@dataclass(frozen=True)
class Request:
    """`relations` by endpoint; the endpoint is also the table of raw and ods."""

    name: str
    kind: str
    url: str
    secret: str | None
    relations: Mapping[str, str]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    new = parser.add_argument_group("new")
    new.add_argument("--kind", choices=list(registry.KINDS), help="of the new source")
    new.add_argument("--url", help="of the new source, without the password")
    new.add_argument("--secret", help="name of the secret with the password")
    new.add_argument(
        "--relation", action="append", default=[], metavar="SCHEMA.TABLE", help="one per --endpoint"
    )


def run(arguments: argparse.Namespace) -> str:
    """What was written, and what a person does next."""
    request = parse_request(arguments)
    return describe_next_steps(request, create_source(request))


def parse_request(arguments: argparse.Namespace) -> Request:
    """UsageError for a name that no source or table can have, and for arguments that are missing."""
    name, endpoints, relations = arguments.name, arguments.endpoint or [], arguments.relation
    if guide := GUIDES.get(arguments.kind):
        raise UsageError(f"new reads the catalogue of postgres and mysql; for {arguments.kind} see {guide}.")
    if not (name and arguments.kind and arguments.url and endpoints):
        raise UsageError("new needs NAME, --kind, --url and --endpoint; --relation if it has another name.")
    for each in (name, *endpoints):
        if not FILE_NAME.fullmatch(each) or each in RESERVED:
            raise UsageError(f"invalid name {each!r}: use snake_case, and no reserved word of SQL.")
    if len(set(endpoints)) < len(endpoints):
        raise UsageError(f"an endpoint is given twice: {', '.join(endpoints)}; name each once.")
    if relations and len(relations) != len(endpoints):
        raise UsageError(
            f"{len(endpoints)} --endpoint and {len(relations)} --relation; give one relation per endpoint."
        )
    by_endpoint = dict(zip(endpoints, relations or endpoints, strict=True))
    return Request(name, arguments.kind, arguments.url, arguments.secret, by_endpoint)


def create_source(request: Request, environ: Mapping[str, str] = os.environ, root: Path = ROOT) -> list[Path]:
    """The written files, relative to `root`. UsageError, SettingsError, DeclarationError or SourceError: none."""
    source = parse_draft(request)
    check_free(request, root)
    prefix = request.name.upper()
    password = read_required(environ, [f"{prefix}_API_KEY"]) if request.secret else {}
    values = {"URL": environ.get(f"{prefix}_URL") or request.url, "API_KEY": "".join(password.values())}
    settings = Settings("", "", "", values, source_name=request.name)
    tables = [
        skeletons.propose_table(name, relation, read_table(source, name, settings))
        for name, relation in request.relations.items()
    ]
    texts = write_texts(request, tables)
    write_files(request.name, texts, root)
    return list(texts)


def parse_draft(request: Request) -> DatabaseSource:
    """The source with a key that is not known yet, to connect; DeclarationError for an invalid url or secret."""
    endpoints: dict[str, Any] = {
        name: {"relation": relation, "table": name, "key": ["unknown"], "schedule": "daily"}
        for name, relation in request.relations.items()
    }
    declared = {"kind": request.kind, "url": request.url, "endpoints": endpoints}
    declared |= {"secret": request.secret} if request.secret else {}
    source = registry.parse_source(declared, f"{request.name}.yaml")
    if not isinstance(source, DatabaseSource):
        raise UsageError(f"new reads the catalogue of postgres and mysql, not of kind {request.kind}.")
    return source


def check_free(request: Request, root: Path) -> None:
    """UsageError for a file, an endpoint or a table that exists already."""
    existing = [path for path in list_paths(request) if (root / path).exists()]
    if existing:
        raise UsageError(
            f"{', '.join(map(str, existing))} exists already; nothing was written. Choose another name, or remove it."
        )
    for path in sorted((root / SOURCES).glob("*.yaml")):
        declared = registry.load_declaration(path)
        endpoints = declared.get("endpoints") if isinstance(declared, dict) else None
        for name, endpoint in endpoints.items() if isinstance(endpoints, dict) else ():
            table = endpoint.get("table") if isinstance(endpoint, dict) else None
            if taken := request.relations.keys() & {name, table}:
                raise UsageError(
                    f"{', '.join(taken)} is an endpoint or a table of {path.name}; choose another --endpoint."
                )


def list_paths(request: Request) -> list[Path]:
    tables = request.relations
    return [
        SOURCES / f"{request.name}.yaml",
        *(SCHEMAS / f"{table}.json" for table in tables),
        *(MODELS / "sources" / f"{table}.sqlx" for table in tables),
        *(MODELS / "ods" / f"{table}{suffix}.sqlx" for table in tables for suffix in ("", "_rejects")),
    ]


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
    more = f" and {len(names) - SHOWN_TABLES} more" if len(names) > SHOWN_TABLES else ""
    return ", ".join(names[:SHOWN_TABLES]) + more + "." if names else "none; ask the owner for GRANT SELECT."


def write_texts(request: Request, tables: Sequence[NewTable]) -> dict[Path, str]:
    """Texts by path, in the order of list_paths."""
    declaration = skeletons.write_declaration(request.kind, request.url, request.secret, tables)
    texts = {SOURCES / f"{request.name}.yaml": declaration}
    for table in tables:
        texts[SCHEMAS / f"{table.name}.json"] = skeletons.write_raw_schema(table)
        texts[MODELS / "sources" / f"{table.name}.sqlx"] = skeletons.write_source(table)
        texts[MODELS / "ods" / f"{table.name}.sqlx"] = skeletons.write_model(table)
        texts[MODELS / "ods" / f"{table.name}_rejects.sqlx"] = skeletons.write_rejects(table)
    return texts


def write_files(name: str, texts: Mapping[Path, str], root: Path) -> None:
    """Checked in a folder of their own first. UsageError if a file appeared meanwhile; the others are then removed."""
    # In `root`, because a link cannot lead to another file system.
    staged = Path(tempfile.mkdtemp(prefix=".new-source-", dir=root))
    try:
        for path, text in texts.items():
            (staged / path).parent.mkdir(parents=True, exist_ok=True)
            (staged / path).write_text(text, encoding="utf-8")
        check_staged(name, staged, root)
        link_all(list(texts), staged, root)
    finally:
        shutil.rmtree(staged)


def check_staged(name: str, staged: Path, root: Path) -> None:
    """DeclarationError with every problem of the new files, and for a secret of another source."""
    problems = check_declaration(name, staged / SOURCES, staged / SCHEMAS)
    for path in (root / SOURCES).glob("*.yaml"):
        shutil.copy(path, staged / SOURCES)
    problems += find_secret_conflicts(staged / SOURCES)
    if problems:
        raise DeclarationError("\n".join(problems))


def link_all(paths: Sequence[Path], staged: Path, root: Path) -> None:
    """A link, unlike a rename, fails if the file exists."""
    done: list[Path] = []
    try:
        for path in paths:
            (root / path).parent.mkdir(parents=True, exist_ok=True)
            os.link(staged / path, root / path)
            done.append(root / path)
    except BaseException as error:
        for written in done:
            written.unlink()
        if isinstance(error, OSError):
            raise UsageError(f"could not write {path}: {error}. Nothing was written.") from error
        raise


def describe_next_steps(request: Request, paths: Sequence[Path]) -> str:
    tables = ", ".join(f'"{name}"' for name in request.relations)
    return "\n".join(
        [
            *(f"written: {path}" for path in paths),
            "Next: decide what the comments ask (grep decide:), and add these tables to the list in "
            f"dataform/definitions/assertions/raw_rows.sqlx: {tables}.",
            f"Then: python -m connector check --source {request.name}",
        ]
    )
