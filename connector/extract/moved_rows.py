"""Whether rows moved to earlier pages while a list without totals was read, as a deleted row makes those behind it do.

A row that moves from a page that is read later to one that was read before is in none of them. Some pages are requested
once more at the end: a page that now begins or ends with other rows shows it.
"""

from collections.abc import Callable, Iterator, Sequence

from connector.extract.page_tracker import PageTracker

NOTE = (
    "page {page} has other rows than when it was read: rows were deleted or moved meanwhile, and some may be left out "
    "of this pass"
)


def describe_moves(tracker: PageTracker, read_keys: Callable[[int], Sequence[str]]) -> str | None:
    """A note about the first page with other rows; None without one. `read_keys`: fingerprints of a page's keys."""
    for page in sample_pages(tracker):
        if have_moved(tracker.edges.get(page, ("", "")), read_keys(page)):
            return NOTE.format(page=page)
    return None


def sample_pages(tracker: PageTracker) -> Iterator[int]:
    """The pages 1, 2, 4, 8, …: a row that was deleted in front of page n is in front of the sampled one before it, too,
    in at least half of the cases. The last page has none behind it."""
    page = 1
    while page < tracker.last_row and not tracker.totals and not tracker.announced_pages:
        yield page
        page *= 2


def have_moved(edges: tuple[str, str], keys: Sequence[str]) -> bool:
    """Not by rows that were added in front: they push others to later pages, where they come twice."""
    first, last = edges
    if not (first and last) or not keys or (first, last) == (keys[0], keys[-1]):
        return False
    return first not in keys[1:]
