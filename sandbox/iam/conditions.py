"""Expressions of IAM conditions, as far as modules use them: names, times, and limits on granting roles.

The language is CEL. Google's pages on it were not readable; the forms are those of modules/.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

# The last alternative makes any other character a token, which the parser rejects; findall would skip it.
TOKEN = re.compile(r'\s*("[^"]*"|\'[^\']*\'|\|\||&&|[<>=!]=|[\w.]+|.)', re.DOTALL)
TEXTS = {"startsWith": str.startswith, "endsWith": str.endswith, "contains": str.__contains__}
GRANTS = "iam.googleapis.com/modifiedGrantsByRole"
COMPARISONS: Mapping[str, Callable[[str, str], bool]] = {
    "==": lambda a, b: a == b,
    "!=": lambda a, b: a != b,
    "<": lambda a, b: a < b,
    "<=": lambda a, b: a <= b,
    ">": lambda a, b: a > b,
    ">=": lambda a, b: a >= b,
}


class Unsupported(Exception):
    """The sandbox cannot evaluate the expression."""


@dataclass(frozen=True)
class Context:
    """name: the full name of the resource, as projects/_/buckets/b/objects/o.
    changed_roles: the roles whose grants a request changes; None if it changes no policy.
    """

    name: str
    time: datetime = field(default_factory=lambda: datetime.now(UTC))
    changed_roles: frozenset[str] | None = None


def check(expression: str) -> None:
    """Raises Unsupported for an expression that could not be evaluated later."""
    Parser(expression, Context("")).whole()


def holds(expression: str, context: Context) -> bool:
    return Parser(expression, context).whole()


class Parser:
    """expression = conjunction {"||" conjunction}; both sides are always read, so that errors do not depend
    on values.
    """

    def __init__(self, expression: str, context: Context) -> None:
        self.expression, self.context = expression, context
        self.tokens = TOKEN.findall(expression.strip())

    def whole(self) -> bool:
        value = self.disjunction()
        if self.tokens:
            raise self.unsupported()
        return value

    def disjunction(self) -> bool:
        value = self.conjunction()
        while self.skip("||"):
            other = self.conjunction()
            value = value or other
        return value

    def conjunction(self) -> bool:
        value = self.term()
        while self.skip("&&"):
            other = self.term()
            value = value and other
        return value

    def term(self) -> bool:
        if self.skip("!"):
            return not self.term()
        if self.skip("("):
            value = self.disjunction()
            self.take(")")
            return value
        if self.tokens[:1] == ["api.getAttribute"]:
            return self.changes_only_listed_roles()
        return self.comparison()

    def comparison(self) -> bool:
        # A name with its dots is one token: `resource.name.startsWith` ends with the method.
        attribute, *method = self.next().rsplit(".", 1)
        if method and method[0] in TEXTS:
            self.take("(")
            value = TEXTS[method[0]](self.attribute(attribute), self.text(self.next()))
            self.take(")")
            return bool(value)
        actual = self.attribute(".".join([attribute, *method]))
        operator = self.next()
        if operator not in COMPARISONS:
            raise self.unsupported()
        return COMPARISONS[operator](actual, self.operand())

    def operand(self) -> str:
        token = self.next()
        if token != "timestamp":
            return self.text(token)
        self.take("(")
        text = self.text(self.next())
        self.take(")")
        try:
            return moment(datetime.fromisoformat(text))
        except ValueError as error:
            raise self.unsupported() from error

    def attribute(self, name: str) -> str:
        match name:
            case "resource.name":
                return self.context.name
            case "request.time":
                return moment(self.context.time)
        raise self.unsupported()

    def changes_only_listed_roles(self) -> bool:
        """api.getAttribute('iam.googleapis.com/modifiedGrantsByRole', []).hasOnly(['roles/a', 'roles/b'])"""
        for token in ("api.getAttribute", "(", f"'{GRANTS}'", ",", "[", "]", ")", ".hasOnly", "(", "["):
            self.take(token)
        listed = set()
        while not self.skip("]"):
            listed.add(self.text(self.next()))
            self.skip(",")
        self.take(")")
        changed = self.context.changed_roles
        # For a request that changes no policy the attribute is its default, the empty list.
        return changed is None or changed <= listed

    def text(self, token: str) -> str:
        if token[:1] not in ("'", '"'):
            raise self.unsupported()
        return token[1:-1]

    def next(self) -> str:
        if not self.tokens:
            raise self.unsupported()
        token: str = self.tokens.pop(0)
        return token

    def take(self, token: str) -> None:
        if self.next() != token:
            raise self.unsupported()

    def skip(self, token: str) -> bool:
        is_next = self.tokens[:1] == [token]
        if is_next:
            self.tokens.pop(0)
        return is_next

    def unsupported(self) -> Unsupported:
        return Unsupported(f"The sandbox does not support the condition {self.expression!r}.")


def moment(time: datetime) -> str:
    """A text that sorts by time."""
    return time.astimezone(UTC).isoformat(timespec="microseconds")
