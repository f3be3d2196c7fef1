"""Globs of object names.

https://cloud.google.com/storage/docs/json_api/v1/objects/list#list-objects-and-prefixes-using-glob
"""

import re
from functools import cache

from sandbox.storage.errors import BadRequest

TOKEN = re.compile(r"\*\*|\*|\?|\[!?[^\]]+\]|[{},]|.", re.DOTALL)
MEANING = {"**": ".*", "*": "[^/]*", "?": "[^/]"}


@cache
def pattern(glob: str) -> re.Pattern[str]:
    """`*` and `?` stay within a folder, `**` does not; `[a-z]`, `[!a]`, `{one,two}`."""
    bracket, depth = "", 0
    for token in TOKEN.findall(glob):
        depth += (token == "{") - (token == "}")  # noqa: S105 - a brace, not a password
        bracket += translated(token, depth)
    try:
        return re.compile(bracket, re.DOTALL)
    except re.error as error:
        raise BadRequest(f"Invalid glob {glob!r}: {error}") from error


def translated(token: str, depth: int) -> str:
    if token in MEANING:
        return MEANING[token]
    if len(token) > 1:
        return "[" + re.sub(r"^!", "^", token[1:-1]).replace("\\", r"\\") + "]"
    if token in "{}":
        return "(?:" if token == "{" else ")"
    return "|" if token == "," and depth else re.escape(token)
