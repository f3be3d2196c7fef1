"""Check a declaration without sending a request: `python -m connector check --source NAME`."""

import os
from collections.abc import Mapping
from pathlib import Path

from connector import raw_schema
from connector.errors import DeclarationError
from connector.settings import read_settings
from connector.sources import registry
from connector.sources.base import Endpoint, Source
from connector.sources.comparison import DELETED
from connector.sources.window import window_of
from runtime.errors import SettingsError


def check_source(
    name: str, environ: Mapping[str, str] = os.environ, folder: Path = registry.SOURCES
) -> list[str]:
    """Every problem of the declaration, its schemas, keys and settings; empty if it is valid."""
    try:
        source = registry.read_source(name, folder)
    except DeclarationError as error:
        return [str(error)]
    # Across all sources: two endpoints of different sources may name the same table.
    problems = registry.find_table_conflicts(folder)
    for endpoint_name, endpoint in source.endpoints.items():
        problems += check_endpoint(f"{name}.yaml: endpoints.{endpoint_name}", endpoint)
    try:
        read_settings(environ, name, source)
    except SettingsError as error:
        problems.append(str(error))
    return problems


def check_endpoint(where: str, endpoint: Endpoint, schemas: Path = raw_schema.SCHEMAS) -> list[str]:
    """Problems of an endpoint's schema and of the names that must be columns of it."""
    try:
        columns = {column["name"] for column in raw_schema.read_columns(endpoint.table, schemas)}
    except DeclarationError as error:
        return [str(error)]
    # Kinds differ in what they declare; a key that a kind does not have is not checked for it.
    window = window_of(endpoint)
    names = {"key": list(endpoint.key), "window.field": [window.field] if window else []}
    names["unmapped"] = [column] if (column := getattr(endpoint, "unmapped", None)) else []
    # Rows that are gone at the source are marked in this column, so raw needs it.
    if getattr(endpoint, "deletes", None):
        names["deletes"] = [DELETED]
    names["rename"] = list(getattr(endpoint, "rename", {}).values())
    available = ", ".join(sorted(columns))
    return [
        f"{where}.{key}: '{name}' is not a column of connector/schemas/{endpoint.table}.json; columns: {available}."
        for key, required in names.items()
        for name in required
        if name not in columns
    ]


def require_valid(name: str, endpoint_name: str, source: Source) -> None:
    """DeclarationError with every problem of one endpoint, before a run begins."""
    where = f"{name}.yaml: endpoints.{endpoint_name}"
    problems = check_endpoint(where, source.endpoint(endpoint_name)) + registry.find_table_conflicts()
    if problems:
        raise DeclarationError(" ".join(problems))
