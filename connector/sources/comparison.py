"""The interface of kinds that can list all keys of the source, for `deletes: {compare: daily}`.

A window shows no deleted row, no row whose time was not set, and no row that was committed too late. Once a day all
keys with their versions are compared with raw; what was missed is fetched by its key, and what is gone is marked.
"""

from abc import abstractmethod
from collections.abc import Iterator, Sequence

import msgspec

from connector.sources.planned import PlannedReader

DELETED = "SYS_DATE_DELETE"  # the column of raw with the time at which the key was missing
POSITION = "SYS_KEY"  # a column of the key list: the key as the reader understands it, JSON
DUE = "SYS_IS_DUE"  # a column of the key list: whether the windows so far must have contained the row


class KeyPage(msgspec.Struct, frozen=True):
    """Newline-delimited JSON with the key columns and the version as in raw, POSITION and DUE; `rows`: their number."""

    lines: bytes
    rows: int


class ComparingReader(PlannedReader):
    """`version`: the column of raw that every change of a row changes. `compares_keys`: whether it is declared."""

    @property
    @abstractmethod
    def version(self) -> str: ...

    @property
    @abstractmethod
    def compares_keys(self) -> bool: ...

    @abstractmethod
    def iter_keys(self, until: int | None) -> Iterator[KeyPage]:
        """All keys. An error ends the iteration: a list that is not complete must not be compared.

        `until`: the inclusive end of the windows so far; None if there is no window yet.
        """

    @abstractmethod
    def plan_by_key(self, keys: Sequence[str]) -> list[str]:
        """Positions of parts with the rows of these keys, texts of POSITION."""
