"""The page loop: fetch many pages in parallel, or a chain of pages one after another.

A page that cannot be read does not stop the others. It becomes a gap of the run, which is then incomplete; only an
outage of the whole source, or a rejected key, ends the run before its pages are loaded.
"""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import contextmanager

from connector.errors import (
    CursorExpired,
    InvalidResponse,
    KeyRejected,
    RequestRejected,
    SourceError,
    SourceUnavailable,
)
from connector.extract.page_tracker import PageTracker
from connector.landing.page_metadata import PageResult

IN_FLIGHT = 16  # requests to the source at the same time; a source may declare fewer

# While a worker writes a page to the bucket it sends no request, hence more workers than requests.
WORKERS = IN_FLIGHT * 3 // 2
MAX_PROBES = 2  # pages that are tried after a failed one without knowing whether they exist
UNAUTHORIZED = 401  # about the key, not about a page
FORBIDDEN = 403  # about the key if no page can be read, otherwise about the page: a firewall, or a limit of the offset

ENDS = {400, 404, 410, 416, 422}  # how a source may answer a page past its end

FetchPage = Callable[[int, str | None], PageResult]
Check = Callable[[], None]


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
    """Request one page. `may_be_end`: a rejection means that the page does not exist, otherwise it is a gap."""
    try:
        tracker.add(fetch(page, None))
    except (InvalidResponse, RequestRejected, SourceUnavailable) as error:
        if is_about_key(error):
            raise
        if isinstance(error, RequestRejected) and may_be_end and error.status != FORBIDDEN:
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
        # Not a gap: the whole chain must start again, because its next link is lost.
        except CursorExpired:
            raise
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


def is_about_key(error: SourceError) -> bool:
    """Whether no page can be read with the key, or no token is issued for it."""
    return isinstance(error, KeyRejected) or (
        isinstance(error, RequestRejected) and error.status == UNAUTHORIZED
    )


class FetchRound:
    """One pass over the needed pages. Workers claim the next page themselves when they are free."""

    def __init__(self, tracker: PageTracker, fetch: FetchPage, check: Check) -> None:
        self.tracker, self.fetch, self.check = tracker, fetch, check
        self.changed = threading.Condition()  # guards the attributes below and the tracker
        self.page = 0
        self.active = 0
        self.is_finished = False
        self.received = 0  # pages of this round
        self.failures: dict[int, SourceError] = {}
        self.rejections: dict[int, RequestRejected] = {}
        self.consecutive_failures: list[SourceError] = []
        self.unread = 0  # pages since the last one that was received

    def work(self) -> None:
        try:
            while page := self._claim():
                self._process(page)
        finally:  # no pages left, or this worker raised a fatal error: either way the others must stop
            with self.changed:
                self.is_finished = True
                self.changed.notify_all()

    def _claim(self) -> int:
        """The next page; 0 after the last one. Pages in flight may announce more."""
        with self.changed:
            while not self.is_finished:
                if page := self._next_page():
                    # Counted, because the response of an active request may announce more pages.
                    self.active += 1
                    return page
                if not self.active:
                    break
                self.changed.wait()
        return 0

    def _next_page(self) -> int:
        while self.tracker.is_needed(self.page + 1) and not self.is_outage:
            self.page += 1
            if not self.tracker.has(self.page):
                return self.page
        return 0

    def _process(self, page: int) -> None:
        result: PageResult | SourceError
        try:
            result = self.fetch(page, None)
        except RequestRejected as error:
            # No page can succeed with this key, or at this address.
            if error.status in (None, UNAUTHORIZED) or (error.status == FORBIDDEN and not self.tracker.rows):
                raise
            result = error
        except (InvalidResponse, SourceUnavailable) as error:
            result = error
        with self.changed:
            # Under the lock: the run ends before another page is recorded.
            self.check()
            self._record(page, result)
            self.active -= 1
            self.changed.notify_all()

    def _record(self, page: int, result: PageResult | SourceError) -> None:
        match result:
            case PageResult():
                self.tracker.add(result)
                self.received += 1
                # A page in between shows that the source works, and that the failed pages are the problem.
                self.consecutive_failures.clear()
                self.unread = 0
                return
            # The source answered, so this is not an outage; the client has retried it already.
            case InvalidResponse():
                self.tracker.invalid[page] = str(result)
            case RequestRejected():
                self.rejections[page] = result
                self.consecutive_failures.append(result)
            case _:
                self.failures[page] = result
                self.consecutive_failures.append(result)
        self.unread += 1
        # Invalid responses count too: a source may answer every page past some number with an error and status 200.
        if self.unread <= MAX_PROBES:
            # Without totals only the page after a failed one shows whether there are more.
            self.tracker.probe(page + 1)

    @property
    def is_outage(self) -> bool:
        """IN_FLIGHT failures without a page between them count as an outage of the source."""
        return len(self.consecutive_failures) >= IN_FLIGHT

    def resolve_rejections(self) -> None:
        """A rejected page after the last announced item is the end, otherwise a gap.

        Only known after the round, because earlier pages may arrive later. Raises the rejection with 403 if no page
        could be read.
        """
        forbidden = [error for error in self.rejections.values() if error.status == FORBIDDEN]
        # The key no longer works, also if an earlier run could read pages with it.
        if forbidden and (self.is_outage or not self.received):
            raise forbidden[0]
        # In order, so that an accepted end counts for the pages after it.
        for page, error in sorted(self.rejections.items()):
            if self.tracker.is_past_end(page):
                self.tracker.add(PageResult(page, 0))
            else:
                self.tracker.invalid[page] = f"{error}{self._end_remedy(page, error)}"

    def _end_remedy(self, page: int, error: RequestRejected) -> str:
        """What to declare, if the pages end there."""
        is_last = page > self.tracker.last_row and not self.tracker.totals
        return (
            f". If this is the end, declare `end: {error.status}`" if is_last and error.status in ENDS else ""
        )


def fetch_round(tracker: PageTracker, fetch: FetchPage, check: Check) -> dict[int, SourceError]:
    """The failures of one pass over the needed pages, by page."""
    current = FetchRound(tracker, fetch, check)
    with create_pool() as pool:
        for future in as_completed([pool.submit(current.work) for _ in range(WORKERS)]):
            # Raises what a worker raised; the others end by themselves (`work`).
            future.result()
    current.resolve_rejections()
    # Rejections without a failure are pages past the end, not an outage.
    if current.is_outage and current.failures:
        raise current.consecutive_failures[0]
    return current.failures


@contextmanager
def create_pool(workers: int = WORKERS) -> Iterator[ThreadPoolExecutor]:
    """A pool that, unlike its own `with` block, does not wait for its threads when the process is terminated."""
    pool = ThreadPoolExecutor(workers, "page")
    try:
        yield pool
    except Exception:
        pool.shutdown(cancel_futures=True)
        raise
    except BaseException:  # terminated: do not wait for responses that may take a minute
        pool.shutdown(wait=False, cancel_futures=True)
        raise
    pool.shutdown()
