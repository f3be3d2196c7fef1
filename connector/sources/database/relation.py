"""The name of a table in a declaration: `schema.table`, or with the quotes of the server around each part."""

import re


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
