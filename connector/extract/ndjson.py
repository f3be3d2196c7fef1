"""Encode the items of a page as newline-delimited JSON. An item keeps the exact bytes of the source."""

from collections.abc import Collection

import msgspec

from connector.raw_schema import FILE_NAME

# JSON allows line breaks as white space between tokens, but not inside strings (RFC 8259, section 7).
LINE_BREAKS = bytes.maketrans(b"\r\n", b"  ")
FILE_NAME_KEY = b'"%b"' % FILE_NAME.encode()
NULL = msgspec.Raw(b"null")  # compared without a copy of the other text


def encode_page(
    items: list[msgspec.Raw], file: str, unmapped: Collection[str], arrays: Collection[str] = ()
) -> bytes:
    """One line per item, with SYS_FILE_NAME inserted in front.

    `unmapped` are the fields without a column: only among them can be one that is called SYS_FILE_NAME too.
    `arrays` are columns with lists of objects: an item that lacks one is marked (`mark_absent`).
    """
    # In front, because an item may be of any length, and its end is not known without parsing it.
    opening = b'{%b:"%b"' % (FILE_NAME_KEY, file.encode())
    rows = mark_absent([bytes(item) for item in items], arrays)
    has_reserved = any(is_reserved(name) for name in unmapped)
    # SYS_FILE_NAME twice in one object would make BigQuery reject the row.
    if has_reserved or not is_simple(rows):
        return b"".join(encode_item(row, opening, has_reserved) for row in rows)
    # The usual page is joined as a whole, which takes less than half the time of encoding item by item.
    # Without the opening brace: every line begins with the same opening.
    rests = [row[1:] for row in rows]
    rests[0] = opening + b"," + rests[0]
    rests[-1] += b"\n"
    return (b"\n" + opening + b",").join(rests)


def mark_absent(rows: list[bytes], arrays: Collection[str]) -> list[bytes]:
    """A list that is absent or null becomes a list with one empty object.

    BigQuery stores both as an empty one (bxparks/bigquery-schema-generator#90), and an empty one has a meaning: a
    sale without lines is void. ods rejects the empty object, so a source that drops the field voids nothing.
    """
    if not arrays:
        return rows
    # Only these fields are decoded; all other members are skipped in C.
    members = [(name, msgspec.Raw | msgspec.UnsetType, msgspec.UNSET) for name in arrays]
    decode = msgspec.json.Decoder(list[msgspec.defstruct("Item", members, gc=False)]).decode  # type: ignore[misc]
    try:
        decoded = decode(b"[" + b",".join(rows) + b"]")
    except msgspec.MsgspecError:  # an item is not an object: the others are still compared
        return rows if len(rows) == 1 else [each for row in rows for each in mark_absent([row], arrays)]
    return [mark_item(row, item, arrays) for row, item in zip(rows, decoded, strict=True)]


def mark_item(row: bytes, item: msgspec.Struct, arrays: Collection[str]) -> bytes:
    """`item` has the members `arrays` of `row`."""
    lists = [(name, getattr(item, name)) for name in arrays]
    if nulls := [name for name, content in lists if content == NULL]:
        row = replace_lists(row, nulls)
    absent = [name for name, content in lists if content is msgspec.UNSET]
    return append_markers(row, absent) if absent else row


def replace_lists(row: bytes, names: Collection[str]) -> bytes:
    """All other members keep their bytes. Of a name that occurs twice the last one stays; ods rejects the row."""
    members = msgspec.json.decode(row, type=dict[str, msgspec.Raw])
    return msgspec.json.encode(members | dict.fromkeys(names, msgspec.Raw(b"[{}]")))


def mark_absent_lines(content: bytes, arrays: Collection[str]) -> bytes:
    """The same for the lines of a kind that encodes its own rows."""
    if not arrays:
        return content
    return b"".join(row + b"\n" for row in mark_absent(content.splitlines(), arrays))


def append_markers(row: bytes, names: Collection[str]) -> bytes:
    content = row.strip()[1:-1].rstrip()
    markers = b",".join(b'"%b":[{}]' % name.encode() for name in names)
    return b"{%b%b%b}" % (content, b"," if content.strip() else b"", markers)


def is_simple(rows: list[bytes]) -> bool:
    """Whether every item is an object on one line."""
    joined = b"".join(rows)
    on_one_line = b"\n" not in joined and b"\r" not in joined
    # `{"` also excludes `{}`, after which no comma may follow.
    return bool(rows) and on_one_line and all(row.startswith(b'{"') for row in rows)


def encode_item(item: bytes, opening: bytes, has_reserved: bool = True) -> bytes:
    """An item that cannot carry SYS_FILE_NAME becomes the field SYS_ITEM.

    That is a row without a key, which ods rejects and shows; otherwise its whole page could not be loaded.
    """
    flat = item.translate(LINE_BREAKS).strip()
    if not flat.startswith(b"{") or (has_reserved and has_reserved_field(flat)):
        return opening + b',"SYS_ITEM":' + flat + b"}\n"
    rest = flat[1:].lstrip()
    return opening + (b"" if rest == b"}" else b",") + rest + b"\n"


def has_reserved_field(item: bytes) -> bool:
    return any(is_reserved(name) for name in msgspec.json.decode(item, type=dict[str, msgspec.Raw]))


def is_reserved(name: str) -> bool:
    """BigQuery compares column names without case."""
    return name.upper() == FILE_NAME
