"""The statements in a script of BigQuery."""

from collections.abc import Iterator
from dataclasses import dataclass

from sqlglot.dialects.bigquery import BigQuery
from sqlglot.tokens import Token, TokenType  # type: ignore[attr-defined]


def concatenate(*parts: str) -> str:
    return ";\n".join(part.strip().removesuffix(";") for part in parts if part.strip())


@dataclass(frozen=True)
class Statement:
    """`text` without its semicolon; for an IF also its condition and the statements inside it."""

    text: str
    condition: str = ""
    inside: tuple["Statement", ...] = ()

    @property
    def is_if(self) -> bool:
        return bool(self.condition)


def statements(script: str) -> list[Statement]:
    tokens = list(BigQuery.Tokenizer().tokenize(script))
    return list(parse_block(script, tokens))


def parse_block(script: str, tokens: list[Token]) -> Iterator[Statement]:
    """IF is the only block that the warehouse uses."""
    start = 0
    while start < len(tokens):
        end = end_of_statement(tokens, start)
        part = tokens[start:end]
        if part and part[0].text.lower() == "if":
            then = next(i for i, token in enumerate(part) if token.text.lower() == "then")
            body = tuple(parse_block(script, part[then + 1 : -2]))
            yield Statement(slice_text(script, part), slice_text(script, part[1:then]), body)
        elif part:
            yield Statement(slice_text(script, part))
        start = end + 1


def end_of_statement(tokens: list[Token], start: int) -> int:
    """Where the statement that begins at `start` ends: its semicolon, or that of its END IF."""
    is_if = tokens[start].text.lower() == "if"
    for i in range(start, len(tokens)):
        ended = not is_if or [token.text.lower() for token in tokens[max(i - 2, 0) : i]] == ["end", "if"]
        if tokens[i].token_type == TokenType.SEMICOLON and ended:
            return i
    return len(tokens)


def slice_text(script: str, tokens: list[Token]) -> str:
    return script[tokens[0].start : tokens[-1].end + 1]
