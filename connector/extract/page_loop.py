"""The page loop: fetch many pages in parallel, or a chain of pages one after another."""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import contextmanager

from connector.errors import InvalidResponse, SourceUnavailable
from connector.extract.page_tracker import PageTracker
from connector.landing.page_metadata import PageResult

IN_FLIGHT = 16  # requests to the source at the same time; a source may declare fewer

# While a worker writes a page to the bucket it sends no request, hence more workers than requests.
WORKERS = IN_FLIGHT * 3 // 2

FetchPage = Callable[[int, str | None], PageResult]
Check = Callable[[], None]


def fetch_pages(tracker: PageTracker, fetch: FetchPage, check: Check) -> None:
    """Fetch every page that `tracker` needs and does not have.

    A page that stays invalid is skipped and noted. Unavailable pages are retried after the others, as long as a
    round receives at least one page; then SourceUnavailable is raised. `check` may raise to stop early.
    """
    while True:
        before = len(tracker.rows)
        failures = fetch_round(tracker, fetch, check)
        if not failures:
            return
        if len(tracker.rows) == before:
            raise failures[0]


def fetch_chain(tracker: PageTracker, fetch: FetchPage, check: Check) -> None:
    """Fetch one page after another by the cursor of the page before, from the last page of `tracker`."""
    while position := tracker.next_in_chain():
        check()
        tracker.add(fetch(*position))


class FetchRound:
    """One pass over the needed pages. Workers claim the next page themselves when they are free."""

    def __init__(self, tracker: PageTracker, fetch: FetchPage, check: Check) -> None:
        self.tracker, self.fetch, self.check = tracker, fetch, check
        self.changed = threading.Condition()  # guards the attributes below and the tracker
        self.page = 0
        self.active = 0
        self.is_finished = False
        self.failures: list[SourceUnavailable] = []
        self.consecutive_failures: list[SourceUnavailable] = []

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
        result: PageResult | InvalidResponse | SourceUnavailable
        try:
            result = self.fetch(page, None)
        except (InvalidResponse, SourceUnavailable) as error:
            result = error
        with self.changed:
            self.check()
            self._record(page, result)
            self.active -= 1
            self.changed.notify_all()

    def _record(self, page: int, result: PageResult | InvalidResponse | SourceUnavailable) -> None:
        match result:
            case InvalidResponse():
                self.tracker.invalid[page] = str(result)
            case SourceUnavailable():
                self.failures.append(result)
                self.consecutive_failures.append(result)
            case _:
                self.tracker.add(result)
                self.consecutive_failures.clear()

    @property
    def is_outage(self) -> bool:
        """IN_FLIGHT failures without a page between them count as an outage of the source."""
        return len(self.consecutive_failures) >= IN_FLIGHT


def fetch_round(tracker: PageTracker, fetch: FetchPage, check: Check) -> list[SourceUnavailable]:
    """The failures of one pass over the needed pages."""
    current = FetchRound(tracker, fetch, check)
    with create_pool() as pool:
        for future in as_completed([pool.submit(current.work) for _ in range(WORKERS)]):
            future.result()
    if current.is_outage:
        raise current.consecutive_failures[0]
    return current.failures


@contextmanager
def create_pool() -> Iterator[ThreadPoolExecutor]:
    pool = ThreadPoolExecutor(WORKERS, "page")
    try:
        yield pool
    except Exception:
        pool.shutdown(cancel_futures=True)
        raise
    except BaseException:  # terminated: do not wait for responses that may take a minute
        pool.shutdown(wait=False, cancel_futures=True)
        raise
    pool.shutdown()
