"""Check a declaration without sending a request: `python -m connector check --source NAME`."""

import ast
import os
import re
from collections.abc import Mapping
from pathlib import Path

from connector import raw_schema
from connector.errors import DeclarationError
from connector.settings import read_settings
from connector.sources import registry
from connector.sources.base import Endpoint, Source
from connector.sources.comparison import DELETED
from connector.sources.window import window_of
from runtime.errors import JobError, SettingsError

FILE_NAME = re.compile(r"[a-z][a-z0-9_]*")


def check_source(
    name: str, environ: Mapping[str, str] = os.environ, folder: Path = registry.SOURCES
) -> list[str]:
    """Every problem of the declaration, its schemas, keys and settings; empty if it is valid."""
    problems = check_declaration(name, folder) + registry.find_table_conflicts(folder)
    try:
        read_settings(environ, name, registry.read_source(name, folder))
    except SettingsError as error:
        problems.append(str(error))
    except DeclarationError:
        pass  # one of `problems`
    return problems


def check_all(folder: Path = registry.SOURCES, schemas: Path = raw_schema.SCHEMAS) -> list[str]:
    """Every problem of all declarations, without settings: those of an environment are Terraform's."""
    sources = sorted(path.stem for path in folder.glob("*.yaml"))
    problems = find_misnamed_files(folder, ".yaml") + find_misnamed_files(schemas, ".json")
    for name in sources:
        problems += check_declaration(name, folder, schemas)
    return problems + registry.find_table_conflicts(folder) + find_secret_conflicts(folder)


def check_declaration(
    name: str, folder: Path = registry.SOURCES, schemas: Path = raw_schema.SCHEMAS
) -> list[str]:
    """Problems of one source and of the schemas of its endpoints."""
    try:
        source = registry.read_source(name, folder)
    except JobError as error:
        return [str(error)]
    return [
        problem
        for endpoint_name, endpoint in source.endpoints.items()
        for problem in check_endpoint(f"{name}.yaml: endpoints.{endpoint_name}", endpoint, schemas)
    ]


def find_misnamed_files(folder: Path, suffix: str) -> list[str]:
    """Files that no reader would find, such as shop.yml, or whose name is not that of a source or a table.

    The name of a source becomes <SOURCE>_URL, a variable of the job.
    """
    return [
        f"{path}: expected a name in snake_case that ends in {suffix}; rename the file."
        for path in sorted(folder.iterdir())
        if path.is_file() and path.suffix != ".py" and not path.name.startswith(".")
        if path.suffix != suffix or not FILE_NAME.fullmatch(path.stem)
    ]


def find_secret_conflicts(folder: Path) -> list[str]:
    """Secrets of two sources: Terraform creates one secret per source, and a name can be created once."""
    owners: dict[str, list[str]] = {}
    for path in sorted(folder.glob("*.yaml")):
        try:
            secret = registry.read_source(path.stem, folder).secret
        except JobError:
            continue  # a problem of that source
        if secret:
            owners.setdefault(secret, []).append(path.stem)
    return [
        f"secret {secret!r} is declared by {' and by '.join(names)}: each source needs its own secret."
        for secret, names in owners.items()
        if len(names) > 1
    ]


def check_endpoint(where: str, endpoint: Endpoint, schemas: Path = raw_schema.SCHEMAS) -> list[str]:
    """Problems of an endpoint's schema and of the names that must be columns of it."""
    try:
        types = {column["name"]: column for column in raw_schema.read_columns(endpoint.table, schemas)}
    except DeclarationError as error:
        return [str(error)]
    columns = set(types)
    # Kinds differ in what they declare; a key that a kind does not have is not checked for it.
    window = window_of(endpoint)
    names = {"key": list(endpoint.key), "window.field": [window.field] if window else []}
    names["unmapped"] = [column] if (column := getattr(endpoint, "unmapped", None)) else []
    # Rows that are gone at the source are marked in this column, so raw needs it.
    if getattr(endpoint, "deletes", None):
        names["deletes"] = [DELETED]
    problems = find_transformation_problems(where, endpoint, schemas.parent / "transformations")
    repeated = sorted({name for name in endpoint.key if endpoint.key.count(name) > 1})
    targets = list(getattr(endpoint, "rename", {}).values())
    names["rename"] = targets
    names["columns"] = list(getattr(endpoint, "columns", {}))
    twice = sorted({name for name in targets if targets.count(name) > 1})
    problems += [f"{where}.rename: two fields become {name!r}; one of them would be lost." for name in twice]
    problems += [
        f"{where}.key: {name!r} has type {types[name]['type']} in the schema; a key is one STRING."
        for name in dict.fromkeys(endpoint.key)
        if name in types and (types[name]["type"] != "STRING" or types[name].get("mode") == "REPEATED")
    ]
    available = ", ".join(sorted(columns))
    problems += [f"{where}.key: '{name}' is listed twice; name each column once." for name in repeated]
    return problems + [
        f"{where}.{key}: '{name}' is not a column of connector/schemas/{endpoint.table}.json; columns: {available}."
        for key, required in names.items()
        for name in required
        if name not in columns
    ]


def find_transformation_problems(where: str, endpoint: Endpoint, folder: Path) -> list[str]:
    """Of an endpoint with `prepare: spark`. The module is only parsed: it imports pyspark, which no image has."""
    if not getattr(endpoint, "prepare", None):
        return []
    path = folder / f"{endpoint.table}.py"
    if not path.is_file():
        return [f"{where}.prepare: {path} does not exist; write its function transform(frame)."]
    try:
        tree = ast.parse(path.read_text())
    except SyntaxError as error:
        return [f"{where}.prepare: {path} is not Python: {error}."]
    functions = {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}
    return [] if "transform" in functions else [f"{where}.prepare: {path} has no function transform(frame)."]


def require_valid(name: str, endpoint_name: str, source: Source) -> None:
    """DeclarationError with every problem of one endpoint, before a run begins."""
    where = f"{name}.yaml: endpoints.{endpoint_name}"
    problems = check_endpoint(where, source.endpoint(endpoint_name)) + registry.find_table_conflicts()
    if problems:
        raise DeclarationError(" ".join(problems))
