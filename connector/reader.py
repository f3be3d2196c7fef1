"""What a kind of source must be able to do: answer one page of an endpoint."""

from typing import Protocol

from connector.pages import Page
from connector.window import Span


class Reader(Protocol):
    """One endpoint of a source. `page` may be called from many threads.

    `size` is the number of items of a full page, 0 if nobody knows. Where pages are `chained`, only a page
    says where the next one is; else any page can be asked for at any time. A `stepped` source counts items
    instead of pages, so a page with less than `size` items before another one has left some out."""

    @property
    def size(self) -> int: ...
    @property
    def chained(self) -> bool: ...
    @property
    def stepped(self) -> bool: ...

    def page(self, number: int, cursor: str | None, span: Span) -> Page:
        """Page `number` from 1; `cursor` is the `next` of the page before, where pages are chained.
        SourceError if it cannot be had."""
        ...
