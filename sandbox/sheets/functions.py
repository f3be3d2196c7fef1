"""Operators and functions of formulas."""

import operator
from collections.abc import Callable

from sandbox.sheets.cells import Failure, Scalar
from sandbox.sheets.formats import automatic

type Result = Scalar | Failure | None
type Operand = Result | list[Result]

ARITHMETIC: dict[str, Callable[[float, float], float]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": operator.truediv,
    "^": operator.pow,
}
COMPARISONS = ("=", "<>", "<", ">", "<=", ">=")


class Stop(Exception):  # noqa: N818 (it carries a value, it is not an error)
    """The formula has no value; `code` is displayed in its cell."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def single(value: Operand) -> Result:
    if isinstance(value, list):
        if len(value) != 1:
            raise Stop("#VALUE!")
        value = value[0]
    if isinstance(value, Failure):
        raise Stop(value.code)
    return value


def number(value: Result) -> float:
    if value is None:
        return 0
    if isinstance(value, bool | int | float):
        return value
    try:
        return float(str(value))
    except ValueError:
        raise Stop("#VALUE!") from None


def text(value: Result) -> str:
    if isinstance(value, bool):
        return str(value).upper()
    return "" if value is None else automatic(value) if isinstance(value, int | float) else str(value)


def apply(sign: str, first: Result, second: Result) -> Result:
    if sign == "&":
        return text(first) + text(second)
    if sign in COMPARISONS:
        return compare(sign, first, second)
    a, b = number(first), number(second)
    if sign == "/" and b == 0:
        raise Stop("#DIV/0!")
    try:
        return float(ARITHMETIC[sign](a, b))
    except (OverflowError, TypeError):  # the root of a negative number is complex
        raise Stop("#NUM!") from None


def compare(sign: str, first: Result, second: Result) -> bool:
    same = first == second
    if sign in ("=", "<>"):
        return same == (sign == "=")
    less = text(first) < text(second) if isinstance(first, str) else number(first) < number(second)
    return {"<": less, "<=": less or same, ">": not less and not same, ">=": not less}[sign]


def figures(arguments: list[Operand]) -> list[float]:
    """The numbers among arguments and ranges; text and blanks do not count, a failure does."""
    flat = [item for part in arguments for item in (part if isinstance(part, list) else [part])]
    for item in flat:
        single(item)
    return [item for item in flat if isinstance(item, int | float) and not isinstance(item, bool)]


# A page that people look at has totals; no job reads the value of a formula.
FUNCTIONS: dict[str, Callable[[list[Operand]], Operand]] = {"SUM": lambda arguments: sum(figures(arguments))}
