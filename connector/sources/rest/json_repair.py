"""Repair JSON that many servers send and the standard forbids, without changing any other byte.

One such value would make its whole page unreadable: NaN and Infinity become texts, a lone surrogate becomes U+FFFD,
a byte order mark is removed. RFC 8259 sections 6, 7 and 8.1.
"""

import codecs
import re

TOKEN = re.compile(rb'"(?:[^"\\]|\\.)*"|-?Infinity|NaN', re.DOTALL)
SURROGATE = re.compile(
    rb"\\u[dD]([89abAB][0-9a-fA-F]{2})(\\u[dD][c-fC-F][0-9a-fA-F]{2})?|\\u[dD][c-fC-F][0-9a-fA-F]{2}"
)


def repair(content: bytes) -> bytes:
    content = content.removeprefix(codecs.BOM_UTF8)
    return TOKEN.sub(_repair_token, content)


def _repair_token(match: re.Match[bytes]) -> bytes:
    token = match[0]
    if not token.startswith(b'"'):
        return b'"' + token + b'"'
    if b"\\u" not in token:
        return token
    return _repair_surrogates(token)


def _repair_surrogates(text: bytes) -> bytes:
    """Escaped backslashes are skipped: in `\\\\ud800` the u is ordinary text."""

    def replace(match: re.Match[bytes]) -> bytes:
        backslashes = len(match.string[: match.start()]) - len(match.string[: match.start()].rstrip(b"\\"))
        is_escaped = backslashes % 2 == 1
        is_pair = match[2] is not None
        return match[0] if is_pair or is_escaped else b"\\ufffd"

    return SURROGATE.sub(replace, text)
