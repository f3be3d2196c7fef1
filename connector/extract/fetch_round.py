"""One pass over the pages of a list, by several workers."""

import threading
from collections.abc import Callable
from concurrent.futures import as_completed

from connector.errors import InvalidResponse, RequestRejected, SourceError, SourceUnavailable
from connector.extract.page_tracker import PageTracker
from connector.extract.workers import IN_FLIGHT, WORKERS, create_pool
from connector.landing.page_metadata import PageResult

MAX_PROBES = 2  # pages that are tried after a failed one without knowing whether they exist
UNAUTHORIZED = 401  # about the key, not about a page
FORBIDDEN = 403  # about the key if no page can be read, otherwise about the page: a firewall, or a limit of the offset

ENDS = {400, 404, 410, 416, 422}  # how a source may answer a page past its end

FetchPage = Callable[[int, str | None], PageResult]
Check = Callable[[], None]


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
