"""What is copied: the declarations in connector/sources/*.yaml, one kind of source beside another."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import yaml

from connector.declaration import Source
from connector.errors import DeclarationError, UsageError
from connector.rest import declaration as rest
from connector.sheet import declaration as sheet

SOURCES = Path(__file__).parent / "sources"

# A new kind is a line here, and one in assembly.py.
KINDS: dict[str, Callable[[dict[str, Any], str], Source]] = {
    "rest": rest.parse,
    "sheet": sheet.parse,
}


def read(name: str, folder: Path = SOURCES) -> Source:
    """The source declared in `<folder>/<name>.yaml`; UsageError without one, DeclarationError if it is not
    valid."""
    path = folder / f"{name}.yaml"
    if not path.is_file():
        known = ", ".join(sorted(file.stem for file in folder.glob("*.yaml")))
        raise UsageError(f"unknown source '{name}'. Declared are: {known}.")
    try:
        declared = yaml.safe_load(path.read_text(encoding="utf-8"))
    except yaml.YAMLError as error:
        raise DeclarationError(f"{path}: not YAML: {error}") from error
    return parse(declared, str(path))


def every(folder: Path = SOURCES) -> dict[str, Source]:
    """All that are declared, by their names."""
    return {path.stem: read(path.stem, folder) for path in sorted(folder.glob("*.yaml"))}


def parse(declared: Any, where: str) -> Source:
    kinds = ", ".join(KINDS)
    if not isinstance(declared, dict):
        raise DeclarationError(f"{where}: a mapping is expected, whose `kind` is one of: {kinds}.")
    kind = declared.get("kind")
    if not isinstance(kind, str) or kind not in KINDS:
        raise DeclarationError(f"{where}: `kind` is {kind!r}, and none of: {kinds}.")
    return KINDS[kind](declared, where)
