"""Part `destination` of an export, `kind: http`: how an API accepts rows."""

from collections.abc import Sequence
from typing import Annotated, Any, Literal

from msgspec import Meta

from sheets_sync.declaration import Part, convert_part
from sheets_sync.errors import ExportError

Text = Annotated[str, Meta(min_length=1, description="a text")]
Path = Annotated[str, Meta(pattern="^/", description="a path that begins with /")]
BatchSize = Annotated[int, Meta(ge=1, le=10_000, description="a whole number from 1 to 10000")]
Rate = Annotated[float, Meta(gt=0, description="a number greater than 0")]
StatusValues = Annotated[
    list[str | int | bool], Meta(min_length=1, description="a list with at least one status")
]


class Auth(Part, frozen=True, kw_only=True):
    """The API key is sent in `header`, after `prefix`."""

    header: Text
    prefix: str = ""


class Results(Part, frozen=True, kw_only=True):
    """The response has one entry per row in the list `rows`.

    Each entry contains the key's fields, a `status` that is among `accepted` for success, and otherwise a
    `reason`.
    """

    rows: Text
    status: Text
    accepted: StatusValues
    reason: Text | None = None


class Delete(Part, frozen=True, kw_only=True):
    """A DELETE of `path`, with {field} for each field of the key; or an upsert of the key with `flag` true."""

    path: Path | None = None
    flag: Text | None = None


class HttpConfig(Part, frozen=True, kw_only=True):
    """Rows are sent by `method` to `path`, `batch` at a time, as {`rows`: [{field: value}]}.

    Without `rows` the body is the list. `per_second` limits the requests.
    """

    kind: Literal["http"]
    path: Path
    method: Literal["POST", "PUT", "PATCH"] = "POST"
    rows: Text | None = None
    batch: BatchSize = 100
    per_second: Rate | None = None
    auth: Auth | None = None
    results: Results | None = None
    delete: Delete | None = None


def parse_http_config(file: str, declared: Any, fields: Sequence[str], key: Sequence[str]) -> HttpConfig:
    """`fields` are the export's headers, `key` those of its key. ExportError names the key and the value."""
    # Part by part, so that the allowed keys in an error are those of the part.
    for name, kind in (("auth", Auth), ("results", Results), ("delete", Delete)):
        if isinstance(declared, dict) and declared.get(name) is not None:
            convert_part(declared[name], kind, file, f"destination.{name}")
    config = convert_part(declared, HttpConfig, file, "destination")
    if config.delete:
        check_delete(file, config.delete, fields, key)
    return config


def check_delete(file: str, delete: Delete, fields: Sequence[str], key: Sequence[str]) -> None:
    where = f"{file}: destination.delete"
    if bool(delete.path) == bool(delete.flag):
        raise ExportError(f"{where} is {delete}, expected either `path` or `flag`.")
    if delete.path and not all(f"{{{name}}}" in delete.path for name in key):
        placeholders = ", ".join(f"{{{name}}}" for name in key)
        raise ExportError(
            f"{where}.path is {delete.path!r}, expected a path that contains the key: {placeholders}."
        )
    if delete.flag in fields:
        raise ExportError(f"{where}.flag is {delete.flag!r}, expected a name that no column has.")
