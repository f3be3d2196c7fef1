"""Format, delimiter and encoding of a file, from its name and its beginning."""

import codecs
import csv
from pathlib import PurePosixPath
from typing import Any

from connector.errors import DeclarationError, RequestRejected
from connector.sources.byte_order_mark import find_marked_encoding
from connector.sources.files.config import Csv
from connector.sources.files.content import UnreadableFile, read_content
from connector.sources.files.position import PartRange
from connector.sources.files.store import FileInfo, FileStore

FORMATS = {
    ".csv": "csv",
    ".tsv": "csv",
    ".txt": "csv",
    ".ndjson": "ndjson",
    ".jsonl": "ndjson",
    ".json": "json",
    ".parquet": "parquet",
}
DELIMITERS = ",;\t|"
LEGACY = "cp1252"  # every byte but five is a character of it, so it is a guess
SAMPLED_BYTES, SAMPLED_LINES = 64 << 10, 50


def detect_format(store: FileStore, file: FileInfo) -> dict[str, dict[str, Any]]:
    """By the ending of the name; DeclarationError for an unknown one, RequestRejected for a file that is another."""
    path = PurePosixPath(file.key.lower())
    ending = (path.with_suffix("") if path.suffix == ".gz" else path).suffix
    if ending not in FORMATS:
        raise DeclarationError(
            f"{file.key} ends in none of {', '.join(FORMATS)}; declare the format, for example "
            "--option 'format={csv: {}}'."
        )
    kind = FORMATS[ending]
    try:
        return {kind: detect_csv(read_start(store, file)) if kind == "csv" else {}}
    except UnreadableFile as error:
        raise RequestRejected(f"{store.url}{file.key}: {error} Nothing was written.") from error


def read_start(store: FileStore, file: FileInfo) -> bytes:
    content = b""
    for chunk in read_content(store, PartRange(file)):
        content += chunk
        if len(content) >= SAMPLED_BYTES:
            break
    return content[:SAMPLED_BYTES]


def detect_csv(start: bytes) -> dict[str, Any]:
    """Options that are not the defaults of the format."""
    encoding = detect_encoding(start)
    text = start.decode(encoding, "ignore").removeprefix("\ufeff")
    delimiter = detect_delimiter(text)
    options = {"delimiter": delimiter, "encoding": encoding}
    return {name: value for name, value in options.items() if value != getattr(Csv(), name)}


def detect_encoding(start: bytes) -> str:
    if marked := find_marked_encoding(start):
        return marked
    try:
        # The last character of the sample may be cut.
        codecs.getincrementaldecoder("utf-8")().decode(start)
    except UnicodeDecodeError:
        return LEGACY
    return "utf-8"


def detect_delimiter(text: str) -> str:
    """The one that divides all lines into most fields, the same number in each."""
    lines = text.splitlines(keepends=True)[:-1] or [text]

    def count_fields(delimiter: str) -> int:
        rows = csv.reader(lines[:SAMPLED_LINES], delimiter=delimiter)
        widths = {len(row) for row in rows if row}
        return widths.pop() if len(widths) == 1 else 0

    best = max(DELIMITERS, key=count_fields)
    return best if count_fields(best) > 1 else ","
