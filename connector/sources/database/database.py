"""What the shared reader needs from a database server; implemented by postgres/ and mysql/."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

Operator = Literal["=", "<", ">", ">="]
KeyTexts = tuple[str, ...]
TABLE = "sys_table"  # the alias of the table in every query


@dataclass(frozen=True)
class Field:
    """A column of the source. `column`: its name in raw. `type`: the server's name of its type. `text`: the expression
    of its exact text. `sort`: the expression by which it is compared and ordered. `key_text`: the expression of a text
    that `Session.literal` turns back into the value. `group`: what a window may be made of. `resolution`: microseconds
    of the smallest step of a time. `key_position`: in the primary key, from 1. `null_test`: the expression that is null
    if the value is, where `sort` is not."""

    name: str
    column: str
    type: str
    is_nullable: bool
    text: str
    sort: str
    key_text: str
    group: Literal["moment", "local time", "day", "integer", "other"] = "other"
    resolution: int = 1
    key_position: int = 0
    description: str = ""
    null_test: str = ""

    @property
    def nullable(self) -> str:
        return self.null_test or self.sort


@dataclass(frozen=True)
class Bound:
    """Everything with a time before `microseconds` (since 1970 UTC) is committed; unless `is_known` is false."""

    microseconds: int
    notes: tuple[str, ...] = ()
    is_known: bool = True


@dataclass(frozen=True)
class Table:
    """`hidden`: columns that the account may not read. `hides_rows`: whether policies may hide rows from it."""

    fields: list[Field]
    hidden: list[str] = field(default_factory=list)
    hides_rows: bool = False


@dataclass(frozen=True)
class Lines:
    """Rows as JSON lines, as the server wrote them; `announced`: their number, counted by the server."""

    content: bytes
    announced: int


class Session(ABC):
    """A connection to the server of one table. Errors are those of connector.errors.

    relation: the table in a FROM clause, with the alias TABLE. name, user: the table and the account in messages.
    """

    relation: str
    name: str
    user: str

    @abstractmethod
    def read_table(self) -> Table: ...

    @abstractmethod
    def read_bound(self) -> Bound:
        """The start of the oldest transaction that may still write; the server's clock without such."""

    @abstractmethod
    def list_writers(self) -> set[str] | None:
        """Open transactions that have written to the table, or may have; None if the account or the server cannot see
        them."""

    @abstractmethod
    def describe_numbering(self) -> str | None:
        """Why a greater key of the table may be committed before a smaller one without an open transaction."""

    @abstractmethod
    def read_rows(self, sql: str) -> list[tuple[str | None, ...]]:
        """Rows of a small result, as text."""

    @abstractmethod
    def read_lines(self, fields: Sequence[Field], condition: str, constants: Mapping[str, str]) -> Lines:
        """`constants`: further members of every line. ValueUnreadable if the server cannot write one of the rows."""

    @abstractmethod
    def measure_line(self, fields: Sequence[Field]) -> float:
        """Bytes of an average line, of a sample."""

    @abstractmethod
    def literal(self, field: Field, text: str) -> str:
        """SQL of the value whose `key_text` is `text`."""

    @abstractmethod
    def time_literal(self, field: Field, text: str) -> str:
        """SQL of a time `YYYY-MM-DD HH:MM:SS.ffffff`, in UTC for moments."""

    @abstractmethod
    def compare(self, fields: Sequence[Field], operator: Operator, values: KeyTexts) -> str:
        """SQL that compares a tuple of fields with a tuple of values, in a form that uses an index."""

    @abstractmethod
    def json_array(self, expressions: Sequence[str]) -> str:
        """SQL of a JSON array of texts, as text."""

    @abstractmethod
    def begin(self) -> None:
        """Start a short read-only transaction: everything in it reads the same version of the table."""

    @abstractmethod
    def end(self) -> None: ...

    @abstractmethod
    def close(self) -> None: ...


Connect = Callable[[], Session]


def order_by(fields: Sequence[Field]) -> str:
    return ", ".join(field.sort for field in fields)
