"""Read the declarations in connector/sources/*.yaml."""

import json
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, get_type_hints

import msgspec

from connector.errors import DeclarationError
from connector.sources.base import Source
from connector.sources.database import config as database
from connector.sources.files import config as files
from connector.sources.mongodb import config as mongodb
from connector.sources.rest import declaration as rest
from connector.sources.rest.config import AUTH
from connector.sources.rest.paging import PAGING, ByNext, Paging
from connector.sources.sheet import config as sheet
from runtime.errors import UsageError
from runtime.yaml_file import load_yaml

SOURCES = Path(__file__).parent

# A new kind is one line here and one in run/assembly.py.
KINDS: dict[str, Callable[[dict[str, Any], str], Source]] = {
    "files": files.parse_files_source,
    "mongodb": mongodb.parse_mongodb_source,
    "mysql": database.parse_mysql_source,
    "postgres": database.parse_postgres_source,
    "rest": rest.parse_rest_source,
    "sheet": sheet.parse_sheet_source,
}


def read_source(name: str, folder: Path = SOURCES) -> Source:
    """The source of `<folder>/<name>.yaml`; UsageError if there is no such file, DeclarationError if invalid."""
    path = folder / f"{name}.yaml"
    if not path.is_file():
        existing = ", ".join(sorted(file.stem for file in folder.glob("*.yaml")))
        raise UsageError(f"unknown source '{name}'; declared: {existing}.")
    return parse_source(load_declaration(path), str(path))


def load_declaration(path: Path) -> Any:
    """DeclarationError with the position if the file is not YAML."""
    try:
        return load_yaml(path)
    except ValueError as error:
        raise DeclarationError(f"{path}: not YAML: {error}") from error


def find_table_conflicts(folder: Path = SOURCES) -> list[str]:
    """Tables of raw that two endpoints declare, of whatever source: their rows would be mixed."""
    endpoints: dict[str, list[str]] = {}
    for path in sorted(folder.glob("*.yaml")):
        try:
            declared = load_declaration(path)
        except DeclarationError:
            continue  # reported when that source is read
        endpoints_of = declared.get("endpoints") if isinstance(declared, dict) else None
        for name, endpoint in endpoints_of.items() if isinstance(endpoints_of, dict) else ():
            # Checked on the raw declaration: an error of another source must not stop this one.
            if isinstance(endpoint, dict) and isinstance(endpoint.get("table"), str):
                endpoints.setdefault(endpoint["table"], []).append(f"{path.stem}/{name}")
    return [
        f"raw.{table} is the table of {' and of '.join(names)}: every endpoint needs its own table."
        for table, names in endpoints.items()
        if len(names) > 1
    ]


def read_all_sources(folder: Path = SOURCES) -> dict[str, Source]:
    """All declared sources by name."""
    return {path.stem: read_source(path.stem, folder) for path in sorted(folder.glob("*.yaml"))}


def parse_source(declared: Any, where: str) -> Source:
    """The source of its kind; DeclarationError names the key."""
    kinds = ", ".join(KINDS)
    if not isinstance(declared, dict):
        raise DeclarationError(f"{where}: expected a mapping with a `kind`, one of: {kinds}.")
    kind = declared.get("kind")
    if not isinstance(kind, str) or kind not in KINDS:
        raise DeclarationError(f"{where}: invalid `kind` {kind!r}; expected one of: {kinds}.")
    source = KINDS[kind](declared, where)
    if not source.endpoints:
        raise DeclarationError(f"{where}: `endpoints` is empty; declare at least one.")
    return source


def json_schema() -> str:
    """JSON Schema of the declarations, for completion and checks in an editor."""
    kinds = [get_type_hints(parse)["return"] for parse in KINDS.values()]
    schemas, components = msgspec.json.schema_components(kinds, ref_template="#/$defs/{name}")
    for component in components.values():
        properties = component.get("properties", {})
        # `window` of these kinds is stored as `changes`, because the common Endpoint has a range of ids.
        if "changes" in properties:  # the kinds that declare their own form of `window`
            properties["window"] = properties.pop("changes")
    for name in ("RestSource", "RestEndpoint"):
        components[name]["properties"]["paging"] = merge_schemas([Paging, *PAGING.values(), ByNext])
    components["RestSource"]["properties"]["auth"] = merge_schemas(AUTH.values())
    document = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "oneOf": list(schemas),
        "$defs": components,
    }
    return json.dumps(document, indent=1)


def merge_schemas(kinds: Iterable[type]) -> dict[str, Any]:
    """Of an object with the keys of all `kinds`: which of them go together is checked when it is read, because an
    endpoint may override some of them, or remove them with null."""
    _, components = msgspec.json.schema_components(kinds)
    properties = [component["properties"] for component in components.values()]
    merged = {name: schema for each in properties for name, schema in each.items()}
    nullable = {name: {"anyOf": [schema, {"type": "null"}]} for name, schema in merged.items()}
    return {"type": "object", "properties": nullable, "additionalProperties": False}
