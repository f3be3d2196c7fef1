"""The name of a table in a declaration: `schema.table`, or with the quotes of the server around each part."""

import re

PLAIN = re.compile("[a-z_][a-z0-9_]*")  # PostgreSQL reads other names in small letters


def split_relation(relation: str, quote: str) -> tuple[str, str]:
    """Schema, or "" without one, and table. `quote`: the server's sign around names, which is doubled inside them."""
    other = f"[^{quote}]"
    parts = re.fullmatch(
        f"(?:{quote}((?:{other}|{quote * 2})+){quote}\\.)?{quote}((?:{other}|{quote * 2})+){quote}", relation
    )
    if parts:
        schema, table = (part.replace(quote * 2, quote) for part in parts.groups(""))
        return schema, table
    # At the first dot only: a table's name may contain another one.
    schema, dot, table = relation.partition(".")
    return (schema, table) if dot else ("", relation)


def write_grant(relation: str, user: str, quote: str) -> str:
    """The statement that lets an account read a table, with quotes where the server would read another name."""
    names = [write_name(part, quote) for part in split_relation(relation, quote) if part]
    return f"GRANT SELECT ON {'.'.join(names)} TO {write_name(user, quote)};"


def write_name(name: str, quote: str) -> str:
    return name if PLAIN.fullmatch(name) else f"{quote}{name.replace(quote, quote * 2)}{quote}"
