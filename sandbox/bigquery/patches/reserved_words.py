"""Reserved words are not names without backticks: `select 1 as end` is an error.

Version: local-bigquery 0.3.2, whose parser accepts most of them after AS.
Reason: a statement that BigQuery rejects would pass here.
Upstream change that removes it: the same error in local-bigquery.
https://cloud.google.com/bigquery/docs/reference/standard-sql/lexical#reserved_keywords
"""

from collections.abc import Callable, Sequence
from typing import Any

from sqlglot.dialects.bigquery import BigQuery

RESERVED = frozenset(word.upper() for word in BigQuery.Generator.RESERVED_KEYWORDS)
# What may follow AS: a query or a type. As names they end their item of a list.
QUERIES, TYPES = ("SELECT", "WITH", "FROM"), ("ARRAY", "ENUM", "INTERVAL", "PROTO", "STRUCT")
ENDS_OF_NAMES = ("", ",", ";", "FROM", "AS")


def install() -> None:
    from local_bigquery.sql import script

    if script.Parser.__init__.__name__ != checking.__name__:
        script.Parser.__init__ = checking(script.Parser.__init__, script.QUOTED)


def checking(init: Callable[..., None], quoted: Any) -> Callable[..., None]:
    def parser_init(self: Any, sql: str, *rest: Any) -> None:
        init(self, sql, *rest)
        texts = ["`" if token.token_type in quoted else token.text.upper() for token in self.tokens]
        for place in (i for i, text in enumerate(texts) if text == "AS"):
            for name in (place + 1, place - 1):
                if is_reserved_name(texts, place, name):
                    raise error(sql, self.tokens[name])
        for place in (i for i, text in enumerate(texts) if text == "ROWS"):
            if not is_frame(texts, place):
                raise error(sql, self.tokens[place])

    parser_init.__name__ = checking.__name__
    return parser_init


def is_reserved_name(texts: Sequence[str], place: int, name: int) -> bool:
    """Whether the token at `name`, beside the AS at `place`, is a name and a reserved word."""
    before, after, behind = (text_at(texts, place + offset) for offset in (-1, 1, 2))
    if name < place:  # the name of a common table expression, not the type that a function returns
        return before in RESERVED and before not in TYPES and after == "("
    if after not in RESERVED or (after == "OF" and before == "SYSTEM_TIME"):
        return False
    return after not in (*QUERIES, *TYPES) or behind in ENDS_OF_NAMES


def is_frame(texts: Sequence[str], place: int) -> bool:
    """Whether ROWS is a frame of a window, a sample's unit, a field or a parameter, and not a column's name."""
    before, after = text_at(texts, place - 1), text_at(texts, place + 1)
    if before in (".", "@") or after in ("BETWEEN", "UNBOUNDED", "CURRENT"):
        return True
    return before.isdigit() or after.isdigit()


def text_at(texts: Sequence[str], place: int) -> str:
    return texts[place] if 0 <= place < len(texts) else ""


def error(sql: str, token: Any) -> Exception:
    from local_bigquery.errors import BigQueryError

    line, column = sql.count("\n", 0, token.start) + 1, token.start - sql.rfind("\n", 0, token.start)
    message = f"Syntax error: Unexpected keyword {token.text.upper()} at [{line}:{column}]"
    refusal: Exception = BigQueryError("invalidQuery", message)
    return refusal
