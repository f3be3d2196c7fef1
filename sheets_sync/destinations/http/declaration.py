"""How an API takes rows: the part `destination` of an export, `kind: http`."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal

import msgspec

from sheets_sync.errors import ExportError

Text = Annotated[str, msgspec.Meta(min_length=1)]
Path = Annotated[str, msgspec.Meta(pattern="^/")]


class Part(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A part of a declaration: a key that is not a field is refused."""


class Auth(Part, frozen=True, kw_only=True):
    """The secret is sent in `header` after `prefix`."""

    header: Text
    prefix: str = ""


class Results(Part, frozen=True, kw_only=True):
    """An answer tells of each row: in the list `rows`, each with the key's fields, a `status` that is among
    `accepted`, and a `reason` where it is not."""

    rows: Text
    status: Text
    accepted: Annotated[list[str | int | bool], msgspec.Meta(min_length=1)]
    reason: Text | None = None


class Delete(Part, frozen=True, kw_only=True):
    """A DELETE of `path`, in which {field} stands for a field of the key; or an upsert of the key with `flag`
    true."""

    path: Path | None = None
    flag: Text | None = None


class Http(Part, frozen=True, kw_only=True):
    """Rows go by `method` to `path`, `batch` at a time, as {`rows`: [{field: value}]}; without `rows` the
    body is the list."""

    kind: Literal["http"]
    path: Path
    method: Literal["POST", "PUT", "PATCH"] = "POST"
    rows: Text | None = None
    batch: Annotated[int, msgspec.Meta(ge=1, le=10_000)] = 100
    per_second: Annotated[float, msgspec.Meta(gt=0)] | None = None
    auth: Auth | None = None
    results: Results | None = None
    delete: Delete | None = None


def read(file: str, declared: Mapping[str, Any], fields: list[str], key: list[str]) -> Http:
    """`fields` are the export's headers, `key` those of its key; ExportError says what is wrong, and what may
    be there."""
    for name, kind in (("auth", Auth), ("results", Results), ("delete", Delete)):
        if declared.get(name) is not None:
            convert(declared[name], kind, f"{file}: destination.{name}")
    found = convert(dict(declared), Http, f"{file}: destination")
    delete = found.delete
    if delete and bool(delete.path) == bool(delete.flag):
        raise ExportError(f"{file}: destination.delete has either `path` or `flag`.")
    if delete and delete.path and not all(f"{{{name}}}" in delete.path for name in key):
        raise ExportError(
            f"{file}: destination.delete.path is {delete.path!r}, it must name the key: "
            f"{', '.join(f'{{{name}}}' for name in key)}."
        )
    if delete and delete.flag in fields:
        raise ExportError(f"{file}: destination.delete.flag is {delete.flag!r}, which is a column already.")
    return found


def convert[Kind: Part](value: Any, kind: type[Kind], where: str) -> Kind:
    try:
        return msgspec.convert(value, kind)
    except msgspec.ValidationError as error:
        allowed = ", ".join(kind.__struct_encode_fields__)
        raise ExportError(f"{where}: {error}. Allowed here: {allowed}.") from error
