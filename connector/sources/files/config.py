"""Declaration of a folder of files as a source: its address, and per endpoint a pattern and a format."""

from collections.abc import Mapping
from pathlib import PurePosixPath
from typing import Annotated, Any, Literal

import msgspec

from connector.errors import DeclarationError
from connector.raw_schema import find_repeated
from connector.sources.address import check_folder_address
from connector.sources.base import (
    Declared,
    Name,
    PlannedEndpoint,
    Source,
    Text,
    convert,
    convert_endpoints,
    matching,
)

OneCharacter = Annotated[str, msgspec.Meta(min_length=1, max_length=1)]


class Csv(Declared, frozen=True, kw_only=True):
    """`null`: texts that mean NULL besides the empty field without quotes. `header: false` requires `columns`."""

    delimiter: OneCharacter = ","
    encoding: Text = "utf-8"
    quote: OneCharacter = '"'
    null: list[str] = []
    header: bool = True
    columns: list[Text] = []


class JsonLines(Declared, frozen=True, kw_only=True):
    """One JSON object per line, UTF-8. `reject`: an object with this field is a reject; its text is the reason."""

    reject: str = ""


class JsonArray(Declared, frozen=True, kw_only=True):
    """The whole file is one array of objects, UTF-8."""


class Parquet(Declared, frozen=True, kw_only=True):
    """Needs pyarrow, which only images with requirements/parquet.txt contain."""


Format = Csv | JsonLines | JsonArray | Parquet
FORMATS: dict[str, type[Csv | JsonLines | JsonArray | Parquet]] = {
    "csv": Csv,
    "ndjson": JsonLines,
    "json": JsonArray,
    "parquet": Parquet,
}

# https://spark.apache.org/docs/4.0.1/sql-data-sources.html
SPARK_FORMATS = ("avro", "binaryFile", "csv", "json", "orc", "parquet", "text", "xml")


class FilesEndpoint(PlannedEndpoint, frozen=True, kw_only=True):
    """`glob` is relative to the source's url; `**` also matches folders. `rename`: names of the file to columns of raw.
    `settle`: a file that changed less than so many seconds ago is left to the next run, because it may still be
    written; uploads to S3 and Cloud Storage are atomic and do not need it.

    `prepare: spark`: the files are input of connector/transformations/<table>.py, and `format` is a data source of
    Spark with its options. What the batch has written is loaded. `keeps_rows`: the batch fails unless each row that it
    read became a row or a reject."""

    glob: Text
    format: dict[str, dict[str, Any] | None]
    rename: dict[str, Name] = {}
    settle: Annotated[int, msgspec.Meta(ge=0)] = 0
    prepare: Literal["spark"] | None = None
    keeps_rows: bool = False

    def parse_format(self, where: str = "format") -> Format:
        """The declared format with its options; DeclarationError unless there is exactly one."""
        if len(self.format) != 1 or (name := next(iter(self.format))) not in FORMATS:
            raise DeclarationError(
                f"{where}: expected one of {', '.join(FORMATS)}, not {list(self.format)}; for example "
                '{csv: {delimiter: ";"}}.'
            )
        return convert(self.format[name] or {}, FORMATS[name], f"{where}.{name}")

    @property
    def prefix(self) -> str:
        """The folders of `glob` before its first wildcard: only they are listed."""
        parts = PurePosixPath(self.glob).parts
        wild = next((i for i, part in enumerate(parts) if any(c in part for c in "*?[")), len(parts) - 1)
        # Without a wildcard the last part is the file itself, so its folder is listed.
        return "/".join(parts[:wild])


class FilesSource(Source, frozen=True, kw_only=True, rename={"server": "endpoint"}):
    """`server`: the address of an S3-compatible server such as MinIO; without it the bucket is Amazon's.
    `connections`: files that are read at the same time; each needs about 30 MB of memory."""

    url: Annotated[
        str,
        matching(
            "^(s3|gs|file)://",
            "an address that begins with s3://, gs:// or file://, for example s3://bucket/folder/",
        ),
    ]
    server: Annotated[
        str, matching("^(https?://.+)?$", "the address of a server, for example http://minio:9000")
    ] = ""
    region: Text = "us-east-1"
    connections: Annotated[int, msgspec.Meta(ge=1, le=16)] = 2
    endpoints: Mapping[Name, FilesEndpoint]

    def variables(self) -> dict[str, str | None]:
        prepared: dict[str, str | None] = {"PREPARED": None}
        is_prepared = any(endpoint.prepare for endpoint in self.endpoints.values())
        return (
            {"URL": self.url, "ENDPOINT": self.server}
            | (prepared if is_prepared else {})
            | super().variables()
        )


def parse_files_source(declared: dict[str, Any], where: str) -> FilesSource:
    """Convert part by part, so that an error names the key."""
    check_null_keys(declared.get("endpoints"), where)
    convert_endpoints(declared.get("endpoints"), FilesEndpoint, where)
    source = convert(declared, FilesSource, where)
    if source.secret and not source.url.startswith("s3://"):
        raise DeclarationError(f"{where}: remove `secret`: only s3:// needs keys.")
    check_folder_address(source.url, f"{where}: url")
    check_folder_address(source.server, f"{where}: endpoint")
    for name, endpoint in source.endpoints.items():
        check_endpoint(endpoint, f"{where}: endpoints.{name}")
        if endpoint.prepare and not source.url.startswith("gs://"):
            raise DeclarationError(
                f"{where}: endpoints.{name}.prepare: Spark reads gs:// only, not {source.url}."
            )
    return source


def check_null_keys(endpoints: Any, where: str) -> None:
    """YAML reads the plain word null as no value, and Terraform then rejects the whole file."""
    for name, endpoint in endpoints.items() if isinstance(endpoints, dict) else ():
        formats = endpoint.get("format") if isinstance(endpoint, dict) else None
        for kind, options in formats.items() if isinstance(formats, dict) else ():
            if isinstance(options, dict) and None in options:
                raise DeclarationError(
                    f'{where}: endpoints.{name}.format.{kind}: write "null" in quotes, for example '
                    '{csv: {"null": ["NULL"]}}.'
                )


def check_endpoint(endpoint: FilesEndpoint, where: str) -> None:
    """DeclarationError for a window, a glob outside of the folder, or an invalid format."""
    if endpoint.window:
        raise DeclarationError(f"{where}: remove `window`: new and changed files are found by their etag.")
    if endpoint.glob.startswith("/") or ".." in PurePosixPath(endpoint.glob).parts:
        raise DeclarationError(f"{where}.glob: {endpoint.glob!r} must be relative to the source's url.")
    if endpoint.keeps_rows and not endpoint.prepare:
        raise DeclarationError(f"{where}: remove `keeps_rows`: it is of `prepare: spark`.")
    if endpoint.prepare:
        check_prepared(endpoint, where)
        return
    match endpoint.parse_format(f"{where}.format"):
        case Csv() as declared:
            check_csv(declared, f"{where}.format.csv")
            check_names(declared, endpoint, f"{where}.format.csv")
        # A line of the other formats is a row wherever it is; these are read from their beginning or end.
        case JsonArray() | Parquet():
            check_tasks(endpoint, where)


def check_tasks(endpoint: FilesEndpoint, where: str) -> None:
    """DeclarationError for several tasks and one file, of a format whose files are one part each."""
    if endpoint.tasks > 1 and not any(sign in endpoint.glob for sign in "*?["):
        raise DeclarationError(
            f"{where}: remove `tasks`: {endpoint.glob!r} is one file, and a file of this format is one part, which one "
            "task reads."
        )


def check_prepared(endpoint: FilesEndpoint, where: str) -> None:
    """DeclarationError for a format that Spark does not have, and for what only files without `prepare` have."""
    if len(endpoint.format) != 1 or next(iter(endpoint.format)) not in SPARK_FORMATS:
        raise DeclarationError(
            f"{where}.format: with `prepare: spark` expected one of {', '.join(SPARK_FORMATS)}, not "
            f"{list(endpoint.format)}; for example {{text: {{}}}}."
        )
    if "**" in PurePosixPath(endpoint.glob).parts:
        raise DeclarationError(
            f"{where}.glob: {endpoint.glob!r}: Hadoop has no `**`; write a `*` per folder."
        )
    if endpoint.rename or endpoint.settle:
        raise DeclarationError(
            f"{where}: remove `rename` and `settle`: the transformation names the columns."
        )


def check_csv(declared: Csv, where: str) -> None:
    """DeclarationError unless exactly one of `header` and `columns` has the names, or for an unknown encoding."""
    if not declared.header and not declared.columns:
        raise DeclarationError(f"{where}: `header: false` requires `columns`, the names in the file's order.")
    if declared.header and declared.columns:
        raise DeclarationError(f"{where}: remove `columns`: the header has the names; `rename` changes them.")
    signs = {declared.delimiter, declared.quote}
    if len(signs) == 1 or signs & {"\r", "\n", "\0"}:
        raise DeclarationError(
            f"{where}: delimiter {declared.delimiter!r} and quote {declared.quote!r} must be two different characters, "
            "and no line break."
        )
    try:
        # Not codecs.lookup, which also accepts encodings of bytes such as hex.
        "a".encode(declared.encoding)
    except (LookupError, ValueError) as error:
        raise DeclarationError(
            f"{where}: unknown encoding {declared.encoding!r}; known are for example utf-8, cp1252, utf-16."
        ) from error


def check_names(declared: Csv, endpoint: FilesEndpoint, where: str) -> None:
    """DeclarationError if two declared columns become one, or none is the key; a header is compared when it is read."""
    names = [endpoint.rename.get(name, name) for name in declared.columns]
    if repeated := find_repeated(names):
        raise DeclarationError(f"{where}.columns: two columns become {', '.join(repeated)} in raw.")
    if names and (missing := sorted(set(endpoint.key) - set(names))):
        raise DeclarationError(
            f"{where}.columns: {', '.join(missing)} of `key` is not among them: {', '.join(names)}."
        )
