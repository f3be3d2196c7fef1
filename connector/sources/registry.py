"""Read the declarations in connector/sources/*.yaml."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import yaml

from connector.errors import DeclarationError
from connector.sources.base import Source
from connector.sources.files import config as files
from connector.sources.mongodb import config as mongodb
from connector.sources.rest import config as rest
from connector.sources.sheet import config as sheet
from runtime.errors import UsageError

SOURCES = Path(__file__).parent

# A new kind is one line here and one in run/assembly.py.
KINDS: dict[str, Callable[[dict[str, Any], str], Source]] = {
    "files": files.parse_files_source,
    "mongodb": mongodb.parse_mongodb_source,
    "rest": rest.parse_rest_source,
    "sheet": sheet.parse_sheet_source,
}


def read_source(name: str, folder: Path = SOURCES) -> Source:
    """The source of `<folder>/<name>.yaml`; UsageError if there is no such file, DeclarationError if invalid."""
    path = folder / f"{name}.yaml"
    if not path.is_file():
        existing = ", ".join(sorted(file.stem for file in folder.glob("*.yaml")))
        raise UsageError(f"unknown source '{name}'; declared: {existing}.")
    try:
        declared = yaml.safe_load(path.read_text(encoding="utf-8"))
    except yaml.YAMLError as error:
        raise DeclarationError(f"{path}: not YAML: {error}") from error
    return parse_source(declared, str(path))


def read_all_sources(folder: Path = SOURCES) -> dict[str, Source]:
    """All declared sources by name."""
    return {path.stem: read_source(path.stem, folder) for path in sorted(folder.glob("*.yaml"))}


def parse_source(declared: Any, where: str) -> Source:
    kinds = ", ".join(KINDS)
    if not isinstance(declared, dict):
        raise DeclarationError(f"{where}: expected a mapping with a `kind`, one of: {kinds}.")
    kind = declared.get("kind")
    if not isinstance(kind, str) or kind not in KINDS:
        raise DeclarationError(f"{where}: invalid `kind` {kind!r}; expected one of: {kinds}.")
    return KINDS[kind](declared, where)
