"""What is copied: the declarations in connector/sources/*.yaml."""

from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec
import yaml

from connector.errors import DeclarationError, UsageError

SOURCES = Path(__file__).parent / "sources"

Text = Annotated[str, msgspec.Meta(min_length=1)]
Name = Annotated[str, msgspec.Meta(pattern="^[a-z][a-z0-9_]*$")]


class Declared(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A part of a declaration: it cannot change, and a key that is not a field is refused."""


class Auth(Declared, frozen=True, kw_only=True):
    header: Text


class Paging(Declared, frozen=True, kw_only=True):
    """Query parameters `page` and `size`; fields of the answer `items`, `total_pages`, `total_items`."""

    page: Text
    size: Text
    limit: Annotated[int, msgspec.Meta(ge=1)]
    items: Text
    total_pages: Text
    total_items: Text


class Window(Declared, frozen=True, kw_only=True, rename={"start": "from", "start_date": "from_date"}):
    """A range of `field`, both ends inclusive. `last` is the field of the answer that freezes the upper
    end."""

    field: Text
    start: Text
    start_date: Text | None = None
    until: Text
    last: Text
    look_back: Annotated[int, msgspec.Meta(ge=0)] = 0
    first: int = 1


class Endpoint(Declared, frozen=True, kw_only=True):
    path: Annotated[str, msgspec.Meta(pattern="^/")]
    table: Name
    key: Annotated[list[Text], msgspec.Meta(min_length=1)]
    schedule: Literal["hourly", "daily"]
    window: Window | None = None


class Source(Declared, frozen=True, kw_only=True):
    kind: Literal["rest"]
    url: Annotated[str, msgspec.Meta(pattern="^https?://")]
    secret: Text
    auth: Auth
    paging: Paging
    endpoints: dict[Name, Endpoint]

    def endpoint(self, name: str) -> Endpoint:
        if name not in self.endpoints:
            raise UsageError(f"unknown endpoint '{name}'. Declared are: {', '.join(self.endpoints)}.")
        return self.endpoints[name]


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


def parse(declared: Any, where: str) -> Source:
    """Part by part, so that an error names the very key: msgspec's own path leaves out the names of
    endpoints."""
    if not isinstance(declared, dict):
        raise DeclarationError(f"{where}: a mapping is expected, with {allowed(Source)}.")
    for part, kind in (("auth", Auth), ("paging", Paging)):
        convert(declared.get(part), kind, f"{where}: {part}")
    endpoints = declared.get("endpoints")
    for name, endpoint in endpoints.items() if isinstance(endpoints, dict) else ():
        if isinstance(endpoint, dict) and "window" in endpoint:
            convert(endpoint["window"], Window, f"{where}: endpoints.{name}.window")
        convert(endpoint, Endpoint, f"{where}: endpoints.{name}")
    return convert(declared, Source, where)


def convert[Part: Declared](value: Any, kind: type[Part], where: str) -> Part:
    try:
        return msgspec.convert(value, kind)
    except msgspec.ValidationError as error:
        raise DeclarationError(f"{where}: {error}. Allowed here: {allowed(kind)}.") from error


def allowed(kind: type[Declared]) -> str:
    return ", ".join(kind.__struct_encode_fields__)
