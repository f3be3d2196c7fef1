"""The text of a new declaration, with a comment for each decision of a person."""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from connector.new_source.tables import NewTable

MAX_IMPLICIT_KEY = 1000
MAX_ESCAPED = 0xFFFF
HEAD_COMMENTS = {"secret": "the password or the key and nothing else"}


def write_declaration(head: Mapping[str, Any], tables: Sequence[NewTable]) -> str:
    lines = [write_line(name, value, HEAD_COMMENTS.get(name, "")) for name, value in head.items()]
    lines.append("endpoints:")
    for table in tables:
        lines += [f"  {table.name}:", *(f"    {line}" for line in write_endpoint(table))]
    return "\n".join(lines) + "\n"


def write_endpoint(table: NewTable) -> Iterator[str]:
    declared = {"table": table.name, "key": list(table.key)} | dict(table.declared)
    # A mapping of columns has one line each.
    blocks = {name: declared.pop(name) for name in ("columns",) if name in declared}
    schedule = declared.pop("schedule", "daily")
    for name, value in declared.items():
        yield write_line(name, value)
    yield write_line("schedule", schedule, "decide: daily or hourly")
    yield from (f"# {escape(' '.join(comment.split()))}" for comment in table.comments)
    if "columns" not in blocks and table.rename:
        blocks["rename"] = table.rename
    for block, members in blocks.items():
        yield f"{block}:"
        yield from (f"  {write_member(quote(name), value)}" for name, value in members.items())


def write_member(name: str, value: Any) -> str:
    """A long name needs a question mark: https://yaml.org/spec/1.2.2/#implicit-keys."""
    return write_line(name if len(name) <= MAX_IMPLICIT_KEY else f"? {name}\n      ", value)


def write_line(name: str, value: Any, comment: str = "") -> str:
    """JSON is YAML. A name is written without quotes, which is how people write it."""
    plain = isinstance(value, str) and value.isidentifier() and value.isascii() and value.lower() not in WORDS
    line = f"{name}: {value if plain else quote(value)}"
    return f"{line:<42} # {comment}" if comment else line


# Texts that YAML 1.1 reads as another type.
WORDS = frozenset(["true", "false", "yes", "no", "on", "off", "null", "y", "n"])


def quote(value: Any) -> str:
    """A value of YAML, of JSON and of JavaScript."""
    return escape(json.dumps(value, ensure_ascii=False))


def escape(text: str) -> str:
    """Without signs that YAML rejects or reads as the end of a line. Those beyond U+FFFF are all allowed."""
    return "".join(
        sign if sign.isprintable() or ord(sign) > MAX_ESCAPED else f"\\u{ord(sign):04x}" for sign in text
    )
