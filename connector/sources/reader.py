"""The interface of a kind of source: read one page of an endpoint."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Protocol

import msgspec

from connector.landing.page_metadata import PageFacts
from connector.sources.window import IdRange


@dataclass(frozen=True)
class Page(PageFacts):
    """What a source returned for one page. last: the largest value of the window's field at the source now.
    states_end: the response has the place of the next page, or the object around it, so its absence is a statement.
    """

    items: list[msgspec.Raw]
    last: int | None = None
    states_end: bool = False


class Reader(Protocol):
    """One endpoint of a source. `read_page` is thread-safe.

    size: items of a full page, 0 if unknown.
    sequential: only a page contains the position of the next one; otherwise pages can be read in any order.
    offset_paged: the source counts items instead of pages, so a page with fewer than `size` items that is not the
    last one has left items out.
    position: where a sequential source declares the position of the next page, for messages; None for others.
    declared_places: those of totals and of the statement that there is more, by their name in PageFacts.places.
    fingerprint: changes with everything that decides which items are on which page. A run is resumed only under
    the fingerprint that it started with.
    """

    @property
    def size(self) -> int: ...
    @property
    def sequential(self) -> bool: ...
    @property
    def offset_paged(self) -> bool: ...
    @property
    def position(self) -> str | None: ...
    @property
    def declared_places(self) -> Mapping[str, str]: ...
    @property
    def fingerprint(self) -> str: ...

    def is_counted(self, number: int, cursor: str | None, items: int) -> bool:
        """Whether `cursor`, which leads to page `number`, is a number of pages or of items; each page has `items`."""
        ...

    def read_page(self, number: int, cursor: str | None, span: IdRange, places: Collection[str] = ()) -> Page:
        """Page `number` (from 1); `cursor` is the `next` of the page before in a sequential source. `places`: those
        of earlier runs (PageFacts.places), so that what they have shown is not checked again.

        RequestRejected for a page that the source does not have, SourceError if it cannot be read.
        """
        ...
