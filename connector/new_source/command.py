"""The command `new`: read the source, write the files, and list what a person does next."""

import argparse
import os
from collections.abc import Callable, Mapping, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

from connector.new_source import models
from connector.new_source.arguments import parse_request
from connector.new_source.declaration import write_declaration
from connector.new_source.request import Credentials, Request
from connector.new_source.tables import NewTable, Proposal
from connector.new_source.write import MODELS, SCHEMAS, SOURCES, check_free, write_files
from runtime.credentials import default_credentials

ROOT = Path(__file__).parents[2]
# Imported when used: each kind has libraries that not every image contains.
MODULES = {
    "files": "files",
    "mongodb": "documents",
    "mysql": "catalogue",
    "postgres": "catalogue",
    "rest": "pages",
    "sheet": "sheet",
}
Propose = Callable[[Request, Mapping[str, str], Credentials], Proposal]


def run(arguments: argparse.Namespace) -> str:
    """What was written, and what a person does next."""
    request = parse_request(arguments)
    return describe_next_steps(request, create_source(request))


def create_source(
    request: Request,
    environ: Mapping[str, str] = os.environ,
    root: Path = ROOT,
    credentials: Credentials = default_credentials,
) -> list[Path]:
    """The written files, relative to `root`. UsageError, SettingsError, DeclarationError or SourceError: none."""
    check_free(request, root)
    head, tables = proposal_of(request.kind)(request, environ, credentials)
    texts = write_texts(request.name, head, tables)
    write_files(request.name, texts, root)
    return list(texts)


def proposal_of(kind: str) -> Propose:
    """The function that reads the source: keys of the source, and its tables."""
    propose: Propose = import_module(f"connector.new_source.{MODULES[kind]}").propose
    return propose


def write_texts(name: str, head: Mapping[str, Any], tables: Sequence[NewTable]) -> dict[Path, str]:
    """Texts by path, in the order of list_paths."""
    texts = {SOURCES / f"{name}.yaml": write_declaration(head, tables)}
    for table in tables:
        texts[SCHEMAS / f"{table.name}.json"] = models.write_raw_schema(table)
        texts[MODELS / "sources" / f"{table.name}.sqlx"] = models.write_source(table)
        texts[MODELS / "ods" / f"{table.name}.sqlx"] = models.write_model(table)
        texts[MODELS / "ods" / f"{table.name}_rejects.sqlx"] = models.write_rejects(table)
    return texts


def describe_next_steps(request: Request, paths: Sequence[Path]) -> str:
    tables = ", ".join(f'"{name}"' for name in request.places)
    return "\n".join(
        [
            *(f"written: {path}" for path in paths),
            "Next: decide what the comments ask (grep decide:), and add these tables to the list in "
            f"dataform/definitions/assertions/raw_rows.sqlx: {tables}.",
            f"Then: python -m connector check --source {request.name}",
        ]
    )
