"""Whether rows moved to earlier pages while a list was read, as a deleted row makes those behind it do.

A row that moves from a page that is read later to one that was read before is in none of them. Some pages are requested
once more at the end: a page that now begins or ends with other rows shows it.
"""

from collections.abc import Callable, Sequence

from connector.extract.page_tracker import PageTracker
from connector.extract.workers import create_pool

MAX_SAMPLES = 16  # at equal distances
NOTE = (
    "page {page} has other rows than when it was read: rows were deleted or moved meanwhile, and some may be left out "
    "of this pass"
)


def describe_moves(tracker: PageTracker, read_keys: Callable[[int], Sequence[str]]) -> str | None:
    """A note about the first page with other rows; None without one. `read_keys`: fingerprints of a page's keys."""
    pages = sample_pages(tracker)
    with create_pool() as pool:
        for page, keys in zip(pages, pool.map(read_keys, pages), strict=True):
            if have_moved(tracker.edges.get(page, ("", "")), keys):
                return NOTE.format(page=page)
    return None


def sample_pages(tracker: PageTracker) -> list[int]:
    """Pages 1, 2, 4, 8, …: a row that was deleted in front of page n is in front of the sampled one before it, too, in
    at least half of the cases. Without totals also pages at equal distances, which of a short list are all. The last
    page has none behind it."""
    pages = {1 << power for power in range(tracker.last_row.bit_length())}
    if not tracker.totals and not tracker.announced_pages:
        pages |= set(range(1, tracker.last_row, -(-tracker.last_row // MAX_SAMPLES) or 1))
    # In a window nothing is added, so that a deleted row makes the total smaller.
    elif tracker.max_id is not None:
        return []
    return sorted(page for page in pages if page < tracker.last_row)


def have_moved(edges: tuple[str, str], keys: Sequence[str]) -> bool:
    """Not by rows that were added in front: they push others to later pages, where they come twice."""
    first, last = edges
    if not (first and last) or not keys or (first, last) == (keys[0], keys[-1]):
        return False
    return first not in keys[1:]
