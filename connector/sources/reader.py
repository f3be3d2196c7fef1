"""The interface of a kind of source: read one page of an endpoint."""

from dataclasses import dataclass
from typing import Protocol

import msgspec

from connector.sources.window import IdRange


@dataclass(frozen=True)
class Page:
    """`total_pages`, `total_items` and `last` are what the source reported with the items; None if it did not.

    `next` is the position of the next page, where only this page contains it.
    """

    items: list[msgspec.Raw]
    total_pages: int | None = None
    total_items: int | None = None
    last: int | None = None
    next: str | None = None


class Reader(Protocol):
    """One endpoint of a source. `read_page` is thread-safe.

    size: items of a full page, 0 if unknown.
    sequential: only a page contains the position of the next one; otherwise pages can be read in any order.
    offset_paged: the source counts items instead of pages, so a page with fewer than `size` items that is not the
    last one has left items out.
    """

    @property
    def size(self) -> int: ...
    @property
    def sequential(self) -> bool: ...
    @property
    def offset_paged(self) -> bool: ...

    def read_page(self, number: int, cursor: str | None, span: IdRange) -> Page:
        """Page `number` (from 1); `cursor` is the `next` of the page before in a sequential source.

        SourceError if it cannot be read.
        """
        ...
