"""Encodings of texts that begin with a byte order mark."""

import codecs

# In this order: the mark of UTF-32 begins with that of UTF-16.
MARKS = {
    codecs.BOM_UTF8: "utf-8",
    codecs.BOM_UTF32_LE: "utf-32",
    codecs.BOM_UTF32_BE: "utf-32",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}


def find_marked_encoding(start: bytes) -> str | None:
    """None without a mark. Decoding as utf-8 keeps the mark; the others remove it."""
    return next((encoding for mark, encoding in MARKS.items() if start.startswith(mark)), None)
