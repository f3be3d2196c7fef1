"""Items of a source become lines: an item keeps the very bytes that the source sent."""

from collections.abc import Collection
from dataclasses import dataclass

import msgspec

from connector.schemas import FILE_NAME

# Outside strings a line break is white space, and inside strings JSON does not allow it (RFC 8259, section
# 7).
LINE_BREAKS = bytes.maketrans(b"\r\n", b"  ")
OURS = b'"%b"' % FILE_NAME.encode()


@dataclass(frozen=True)
class Page:
    """`total_pages`, `total_items` and `last` are what the source said beside the items; None where it did
    not. `next` is the way to the next page, where only this one knows it."""

    items: list[msgspec.Raw]
    total_pages: int | None = None
    total_items: int | None = None
    last: int | None = None
    next: str | None = None


def lines(items: list[msgspec.Raw], file: str, nameless: Collection[str]) -> bytes:
    """Newline-delimited JSON: each item with the name of its file spliced in front. `nameless` are the fields
    without a column that drift.py has found: only among them can be one that takes the place of ours."""
    opening = b'{%b:"%b"' % (OURS, file.encode())
    rows = [bytes(item) for item in items]
    careful = any(is_ours(name) for name in nameless)
    if careful or not plain(rows):
        return b"".join(line(row, opening, careful) for row in rows)
    rests = [row[1:] for row in rows]
    rests[0] = opening + b"," + rests[0]
    rests[-1] += b"\n"
    return (b"\n" + opening + b",").join(rests)


def plain(rows: list[bytes]) -> bool:
    """Whether this is a usual page, objects on one line each: it is written as a whole, in less than half the
    time."""
    whole = b"".join(rows)
    on_one_line = b"\n" not in whole and b"\r" not in whole
    return bool(rows) and on_one_line and all(row.startswith(b'{"') for row in rows)


def line(item: bytes, opening: bytes, careful: bool = True) -> bytes:
    """Whatever cannot carry the file's name (no object, or one with such a field) becomes the field
    SYS_ITEM: a row without a key, which ods rejects and shows, instead of a page that nobody can load."""
    flat = item.translate(LINE_BREAKS).strip()
    if not flat.startswith(b"{") or (careful and has_ours(flat)):
        return opening + b',"SYS_ITEM":' + flat + b"}\n"
    rest = flat[1:].lstrip()
    return opening + (b"" if rest == b"}" else b",") + rest + b"\n"


def has_ours(item: bytes) -> bool:
    return any(is_ours(name) for name in msgspec.json.decode(item, type=dict[str, msgspec.Raw]))


def is_ours(name: str) -> bool:
    """BigQuery does not tell columns apart by upper and lower case."""
    return name.upper() == FILE_NAME
