"""The value of a formula: arithmetic, text, references, and some functions; an unknown one is #NAME?."""

import re
from collections.abc import Iterator

from sandbox.sheets import references
from sandbox.sheets.book import Book
from sandbox.sheets.cells import Failure, Formula
from sandbox.sheets.functions import FUNCTIONS, Operand, Result, Stop, apply, number, single
from sandbox.sheets.grid import Tab

TOKEN = re.compile(
    rf"\s*(?:(?P<ref>{references.REFERENCE.pattern})|(?P<number>\d+\.?\d*(?:[eE][+-]?\d+)?|\.\d+)"
    r"|(?P<name>[A-Za-z][A-Za-z0-9_.]*)|(?P<op><>|<=|>=|#REF!|[-+*/^&=<>(),;%]))"
)
DEPTH = 50  # references to references; more is a circle
# Weakest first: each level reads its operands from the next one.
LEVELS = (("=", "<>", "<", ">", "<=", ">="), ("&",), ("+", "-"), ("*", "/"), ("^",))


def value_at(book: Book, tab: Tab, row: int, column: int, depth: int = 0) -> Result:
    """The effective value of a cell: its own value, or the result of its formula."""
    value = tab.at(row, column).value
    if not isinstance(value, Formula):
        return value
    if depth > DEPTH:
        return Failure("#REF!")
    try:
        return Reader(book, tab, value.text[1:], depth).result()
    except Stop as stop:
        return Failure(stop.code)
    except RecursionError:
        return Failure("#ERROR!")


class Reader:
    """Recursive descent over one formula."""

    def __init__(self, book: Book, tab: Tab, text: str, depth: int) -> None:
        self.book, self.tab, self.depth = book, tab, depth
        self.tokens = list(tokens(text))
        self.at = 0

    def result(self) -> Result:
        value = single(self.level(0))
        if self.at < len(self.tokens):
            raise Stop("#ERROR!")
        # As in Sheets, `=A1` is 0 for an empty A1.
        return 0 if value is None else value

    def peek(self) -> str:
        return self.tokens[self.at][0] if self.at < len(self.tokens) else ""

    def take(self, expected: str = "") -> re.Match[str]:
        if self.at >= len(self.tokens) or (expected and self.peek() != expected):
            raise Stop("#ERROR!")
        self.at += 1
        return self.tokens[self.at - 1][1]

    def level(self, depth: int) -> Operand:
        if depth == len(LEVELS):
            return self.unary()
        operand = self.level(depth + 1)
        while self.peek() in LEVELS[depth]:
            operator = self.peek()
            self.take()
            operand = apply(operator, single(operand), single(self.level(depth + 1)))
        return operand

    def unary(self) -> Operand:
        if self.peek() in ("-", "+"):
            sign = -1 if self.peek() == "-" else 1
            self.take()
            return sign * number(single(self.unary()))
        value = self.primary()
        while self.peek() == "%":
            self.take()
            value = number(single(value)) / 100
        return value

    def primary(self) -> Operand:
        if self.peek() == "(":
            self.take()
            value = self.level(0)
            self.take(")")
            return value
        token = self.take()
        if token["text"]:
            return str(token["text"][1:-1].replace('""', '"'))
        if token["ref"]:
            return self.reference(token)
        if token["number"]:
            return float(token["number"])
        if token["name"]:
            return self.call(token["name"].upper())
        raise Stop("#REF!" if token[0].strip() == "#REF!" else "#ERROR!")

    def reference(self, token: re.Match[str]) -> Operand:
        title = references.tab_title(token)
        tab = self.tab if title is None else self.book.titled(title)
        if tab is None:
            raise Stop("#REF!")
        area = references.area(token["first"], token["last"]).within(tab.rows, tab.columns)
        # Only cells with content: a whole column may have a million others.
        places = [place for place, _ in sorted(tab.occupied(area), key=lambda item: item[0])]
        if token["last"] is None:
            return (
                value_at(self.book, tab, area.first_row, area.first_column, self.depth + 1)
                if places
                else None
            )
        return [value_at(self.book, tab, row, column, self.depth + 1) for row, column in places]

    def call(self, name: str) -> Operand:
        if self.peek() != "(":
            if name in ("TRUE", "FALSE"):
                return name == "TRUE"
            raise Stop("#NAME?")
        self.take("(")
        arguments: list[Operand] = []
        while self.peek() != ")":
            arguments.append(self.level(0))
            if self.peek() in (",", ";"):
                self.take()
        self.take(")")
        if name not in FUNCTIONS:
            raise Stop("#NAME?")
        return FUNCTIONS[name](arguments)


def tokens(text: str) -> Iterator[tuple[str, re.Match[str]]]:
    at = 0
    while at < len(text.rstrip()):
        match = TOKEN.match(text, at)
        if not match:
            raise Stop("#ERROR!")
        yield match[0].strip(), match
        at = match.end()
