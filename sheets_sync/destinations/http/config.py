"""Part `destination` of an export, `kind: http`: how an API accepts rows."""

import re
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from sheets_sync.declaration import Part, convert_part
from sheets_sync.errors import ExportError

Text = Annotated[str, Meta(min_length=1, description="a text")]
Path = Annotated[str, Meta(pattern="^/", description="a path that begins with /")]
BatchSize = Annotated[int, Meta(ge=1, le=10_000, description="a whole number from 1 to 10000")]
TokenUrl = Annotated[
    str, Meta(pattern="^(https://|http://|/)", description="a URL, or a path that begins with /")
]
Rate = Annotated[float, Meta(gt=0, description="a number greater than 0")]
StatusValues = Annotated[
    list[str | int | bool], Meta(min_length=1, description="a list with at least one status")
]
PLACEHOLDER = re.compile(r"\{([^{}]*)\}")


class Auth(Part, frozen=True, kw_only=True):
    """The API key is sent in `header`, after `prefix`."""

    header: Text
    prefix: str = ""


class OAuth(Part, frozen=True, kw_only=True):
    """A token is fetched from `token_url`, a URL or a path of the API; the export's secret is
    {"client_id": …, "client_secret": …}. client_auth: where the client's secret is sent."""

    token_url: TokenUrl
    scope: Text | None = None
    audience: Text | None = None
    client_auth: Literal["header", "body"] = "header"


class Results(Part, frozen=True, kw_only=True):
    """The status of each row in a response. A field may be a path such as `errors.0.message`.

    Either each row has an entry in the list `rows` (`$`: the response itself), found `by` the key's fields or by
    its position; it was taken if its `status` is among `accepted`. Or the list `errors` has only failures: then
    the batch is sent again in halves until every failed row is identified. `reason` is a field of an entry.
    """

    rows: Text | None = None
    by: Literal["key", "position"] = "key"
    status: Text | None = None
    accepted: StatusValues = []
    errors: Text | None = None
    reason: Text | None = None


class Delete(Part, frozen=True, kw_only=True):
    """A DELETE of `path`, with {field} for each field of the key; or an upsert of the key with `flag` true."""

    path: Path | None = None
    flag: Text | None = None


class HttpConfig(Part, frozen=True, kw_only=True):
    """Rows are sent by `method` to `path`, `batch` at a time, as {`rows`: [{field: value}]}.

    Without `rows` the body is the list. If `path` contains a {field}, each row is a request of its own, with the
    row as body. `constants` are added to each row, `body` to each request. With `nested`, a field such as
    `properties.name` is an object in an object. `per_second` limits the requests.
    """

    kind: Literal["http"]
    path: Path
    method: Literal["POST", "PUT", "PATCH"] = "POST"
    rows: Text | None = None
    batch: BatchSize = 100
    per_second: Rate | None = None
    nested: bool = False
    constants: dict[str, Any] = {}
    body: dict[str, Any] = {}
    auth: Any = None  # an Auth or an OAuth, which msgspec cannot distinguish
    results: Results | None = None
    delete: Delete | None = None

    @property
    def path_fields(self) -> list[str]:
        """Fields of a row that its request's path contains."""
        return PLACEHOLDER.findall(self.path)


def parse_http_config(file: str, declared: Any, fields: Sequence[str], key: Sequence[str]) -> HttpConfig:
    """`fields` are the export's headers, `key` those of its key. ExportError names the key and the value."""
    # Part by part, so that the allowed keys in an error are those of the part.
    parts: dict[str, Any] = declared if isinstance(declared, dict) else {}
    auth = parts.get("auth")
    auth_kind = OAuth if isinstance(auth, dict) and "token_url" in auth else Auth
    converted: dict[str, Part] = {
        name: convert_part(parts[name], kind, file, f"destination.{name}")
        for name, kind in (("auth", auth_kind), ("results", Results), ("delete", Delete))
        if parts.get(name) is not None
    }
    rest = {name: value for name, value in parts.items() if name not in converted}
    config = convert_part(rest if parts else declared, HttpConfig, file, "destination")
    config = msgspec.structs.replace(config, **converted)
    check_path(file, config, fields, parts)
    check_results(file, config)
    if config.delete:
        check_delete(file, config.delete, fields, key)
    return config


def check_path(file: str, config: HttpConfig, fields: Sequence[str], declared: Mapping[str, Any]) -> None:
    unknown = [name for name in config.path_fields if name not in fields]
    if unknown:
        raise ExportError(
            f"{file}: destination.path is {config.path!r}, expected headers of columns in braces: "
            f"{', '.join(fields)}."
        )
    ignored = [name for name in ("rows", "batch") if config.path_fields and name in declared]
    if ignored:
        raise ExportError(
            f"{file}: destination.{ignored[0]} is {declared[ignored[0]]!r}, but the path contains a field, so "
            "each row is a request of its own: remove it."
        )
    used = sorted(set(config.constants) & {name.split(".")[0] if config.nested else name for name in fields})
    if used:
        raise ExportError(
            f"{file}: destination.constants has {', '.join(used)}, expected names that no column has."
        )
    if config.body and (not config.rows or config.rows in config.body):
        raise ExportError(f"{file}: destination.body is {config.body}, which needs `rows`, another field.")


def check_results(file: str, config: HttpConfig) -> None:
    results = config.results
    if results is None:
        return
    if config.path_fields and not results.errors:
        raise ExportError(f"{file}: destination.results is {results}, but each row is a request of its own.")
    has_entries = bool(results.rows and results.status and results.accepted)
    if has_entries == bool(results.errors) or (results.errors and (results.rows or results.status)):
        raise ExportError(
            f"{file}: destination.results is {results}, expected `rows`, `status` and `accepted` with at least "
            "one status; or `errors`."
        )


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
