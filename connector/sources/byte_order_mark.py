"""Encodings of texts by their first bytes: a byte order mark, or the zeros of characters with several bytes."""

import codecs

# In this order: the mark of UTF-32 begins with that of UTF-16.
MARKS = {
    codecs.BOM_UTF8: "utf-8",
    codecs.BOM_UTF32_LE: "utf-32",
    codecs.BOM_UTF32_BE: "utf-32",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}

# By which of the first four bytes are not zero.
ZEROS = {
    b"\1\0\1\0": "utf-16-le",
    b"\0\1\0\1": "utf-16-be",
    b"\1\0\0\0": "utf-32-le",
    b"\0\0\0\1": "utf-32-be",
}


def find_marked_encoding(start: bytes) -> str | None:
    """None without a mark. Decoding as utf-8 keeps the mark; the others remove it."""
    return next((encoding for mark, encoding in MARKS.items() if start.startswith(mark)), None)


def find_wide_encoding(start: bytes) -> str | None:
    """UTF-16 or UTF-32, of a text that begins with a mark or with ASCII; None for all others."""
    marked = find_marked_encoding(start)
    if marked:
        return marked if marked != "utf-8" else None
    # https://www.rfc-editor.org/rfc/rfc4627#section-3
    return ZEROS.get(bytes(map(bool, start[:4])))
