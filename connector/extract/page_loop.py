"""The page loop: fetch many pages in parallel, or a chain of pages one after another.

A page that cannot be read does not stop the others. It becomes a gap of the run, which is then incomplete; only an
outage of the whole source, or a rejected key, ends the run before its pages are loaded.
"""

from connector.errors import (
    CursorExpired,
    InvalidResponse,
    KeyRejected,
    RequestRejected,
    SourceError,
    SourceUnavailable,
)
from connector.extract.fetch_round import ENDS, UNAUTHORIZED, Check, FetchPage, fetch_round
from connector.extract.page_tracker import PageTracker
from connector.landing.page_metadata import PageResult

RESTART = "The next run starts again; files received so far are moved to failed/."


def fetch_pages(tracker: PageTracker, fetch: FetchPage, check: Check) -> None:
    """Fetch every page that `tracker` needs and does not have.

    Unavailable pages are retried after the others, as long as a round receives at least one page; then they are
    gaps. `check` may raise to stop early.
    """
    while True:
        before = len(tracker.rows)
        failures = fetch_round(tracker, fetch, check)
        # A round without one new page will not get better by another.
        if not failures or len(tracker.rows) == before:
            tracker.invalid |= {page: str(error) for page, error in failures.items()}
            if not confirm_end(tracker, fetch):
                return


def confirm_end(tracker: PageTracker, fetch: FetchPage) -> bool:
    """Request what contradicts the end of the pages once more; whether there are pages to fetch after that."""
    before = tracker.last_row, tracker.received
    # Each page once: a server that insists on an empty page is believed, and the hole is reported.
    for page in tracker.unconfirmed_empty():
        tracker.confirmed_empty.add(page)
        fetch_into(tracker, fetch, page)
    last_row = tracker.last_row
    while tracker.last_row == last_row and (pages := tracker.pages_after_end()):
        fetch_into(tracker, fetch, pages[0])
    return (tracker.last_row, tracker.received) != before


def fetch_into(tracker: PageTracker, fetch: FetchPage, page: int, may_be_end: bool = True) -> None:
    """Request one page. `may_be_end`: an answer such as 404 means that the page does not exist. Any other rejection, of
    a login page or a proxy, is a gap."""
    try:
        tracker.add(fetch(page, None))
    except (InvalidResponse, RequestRejected, SourceUnavailable) as error:
        if is_about_key(error):
            raise
        if isinstance(error, RequestRejected) and may_be_end and error.status in ENDS:
            tracker.add(PageResult(page, 0, ended_by=error.status))
            return
        # It may have been received as empty before: unread now means a gap, not an end.
        tracker.rows.pop(page, None)
        tracker.invalid[page] = str(error)


def fetch_chain(tracker: PageTracker, fetch: FetchPage, check: Check) -> None:
    """Fetch one page after another by the cursor of the page before, from the last page of `tracker`.

    An error is raised, so that the next run resumes at this page. If that run gets no further either, the chain
    ends here with a gap: otherwise one page would keep all others out of raw for ever.
    """
    first = position = tracker.next_in_chain()
    while position:
        check()
        try:
            tracker.add(fetch(*position))
        except CursorExpired as error:
            if position == first and tracker.is_resumed:
                # Not a gap: the whole chain must start again, because its next link is lost.
                raise CursorExpired(f"{error} {RESTART}", error.status) from error
            fetch_refused(tracker, fetch, *position)
        except SourceError as error:
            is_key = is_about_key(error)
            is_first_attempt = (
                position != first or not tracker.rows or position[0] == 1 or not tracker.is_resumed
            )
            if is_key or is_first_attempt:
                raise
            # The received pages are loaded; without this gap they would wait for a page that never comes.
            tracker.invalid[position[0]] = f"page {position[0]} failed in two runs: {error}"
        position = tracker.next_in_chain()


def fetch_refused(tracker: PageTracker, fetch: FetchPage, page: int, cursor: str | None) -> None:
    """Request a page again whose position the source named a moment ago, so it has not expired. A source that refuses
    it again, as some do behind 10,000 items, would do so in every run: the pages before it are loaded."""
    try:
        tracker.add(fetch(page, cursor))
    except CursorExpired as error:
        if tracker.is_past_end(page):
            tracker.add(PageResult(page, 0, ended_by=error.status))
            return
        tracker.invalid[page] = (
            f"page {page - 1} names a next page that is refused: {error}. If this is the end, declare "
            f"`end: {error.status}`; if it is the limit of the source, use `time_window`"
        )


def is_about_key(error: SourceError) -> bool:
    """Whether no page can be read with the key, or no token is issued for it."""
    return isinstance(error, KeyRejected) or (
        isinstance(error, RequestRejected) and error.status == UNAUTHORIZED
    )
