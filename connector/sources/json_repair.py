"""Repair what many servers send and the standards forbid, without changing any other byte.

One such value would make its whole page unreadable: NaN and Infinity become texts, a lone surrogate becomes U+FFFD, a
control character in a text is escaped, a byte order mark is removed (RFC 8259, sections 6, 7 and 8.1). Another charset
is converted to UTF-8, and a body that is compressed without a header is decompressed.
"""

import gzip
import re
import zlib
from email.message import Message

from connector.sources.byte_order_mark import find_marked_encoding

# Texts are matched as a whole, so that NaN inside a text stays as it is.
TOKEN = re.compile(rb'"(?:[^"\\]|\\.)*"|[+-]?(?:Infinity|NaN)', re.DOTALL)
CONTROL = re.compile(rb"[\x00-\x1f]")
SURROGATE = re.compile(
    rb"\\u[dD]([89abAB][0-9a-fA-F]{2})(\\u[dD][c-fC-F][0-9a-fA-F]{2})?|\\u[dD][c-fC-F][0-9a-fA-F]{2}"
)
GZIP = b"\x1f\x8b"


def repair(content: bytes, content_type: str = "") -> tuple[bytes, str | None]:
    """The repaired body and what was repaired; None if nothing was."""
    notes = []
    if content.startswith(GZIP):
        content, notes = decompress(content), ["decompressed"]
    if charset := find_charset(content, content_type):
        content = content.decode(charset).encode()
        notes.append(
            f"converted from {charset}" if charset != "utf-8-sig" else "a byte order mark was removed"
        )
    repaired = TOKEN.sub(_repair_token, content)
    if repaired != content:
        notes.append("invalid JSON was repaired (NaN, surrogate or control character)")
    return repaired, ", ".join(notes) or None


def decompress(content: bytes) -> bytes:
    """All members of it. A truncated body stays as it is: lines of JSON would not show what is missing."""
    try:
        return gzip.decompress(content)
    except (OSError, EOFError, zlib.error):
        return content


def find_charset(content: bytes, content_type: str) -> str | None:
    """By the byte order mark, or the header where the body is not UTF-8; None if it is UTF-8 or unknown."""
    if marked := find_marked_encoding(content):
        return "utf-8-sig" if marked == "utf-8" else marked
    # The standard library's parser of header parameters: charsets may be quoted.
    message = Message()
    message["Content-Type"] = content_type
    charset = message.get_content_charset() or "utf-8"
    # The bytes decide over the header: a wrong charset must not damage valid UTF-8.
    is_utf8 = can_decode(content, "utf-8") and b"\0" not in content
    return None if is_utf8 or charset == "utf-8" or not can_decode(content, charset) else charset


def can_decode(content: bytes, charset: str) -> bool:
    try:
        content.decode(charset)
    except (UnicodeDecodeError, LookupError):
        return False
    return True


def _repair_token(match: re.Match[bytes]) -> bytes:
    token = match[0]
    if not token.startswith(b'"'):
        return b'"' + token + b'"'
    # Escaped, as RFC 8259 requires in section 7.
    token = CONTROL.sub(lambda control: b"\\u%04x" % control[0][0], token)
    return _repair_surrogates(token) if b"\\u" in token else token


def _repair_surrogates(text: bytes) -> bytes:
    """Escaped backslashes are skipped: in `\\\\ud800` the u is ordinary text."""

    def replace(match: re.Match[bytes]) -> bytes:
        backslashes = len(match.string[: match.start()]) - len(match.string[: match.start()].rstrip(b"\\"))
        is_escaped = backslashes % 2 == 1
        is_pair = match[2] is not None
        return match[0] if is_pair or is_escaped else b"\\ufffd"

    return SURROGATE.sub(replace, text)
