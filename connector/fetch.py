"""The page loop: many pages at once, never more than a window of them in memory."""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import contextmanager

from connector.errors import SourceGarbled, SourceUnavailable
from connector.tally import Fetched, Tally

IN_FLIGHT = 16  # requests at once; a source may declare fewer

# While a page is written to the bucket its worker asks nothing of the source, hence more workers than
# requests.
WORKERS = IN_FLIGHT * 3 // 2

Fetch = Callable[[int, str | None], Fetched]
Check = Callable[[], None]


def pages(tally: Tally, fetch: Fetch, check: Check) -> None:
    """Fetch every page that `tally` wants and does not have.

    A page that stays garbled is left out and noted. Pages that could not be had are tried again when the
    others are done, as long as a round brings any; else SourceUnavailable is raised. `check` may raise to
    stop early."""
    while True:
        before = len(tally.rows)
        failed = one_round(tally, fetch, check)
        if not failed:
            return
        if len(tally.rows) == before:
            raise failed[0]


def chain(tally: Tally, fetch: Fetch, check: Check) -> None:
    """Fetch one page after another, each by what the one before says, from where `tally` ends."""
    while following := tally.following():
        check()
        tally.add(fetch(*following))


class Round:
    """One pass over the pages that are wanted. Nobody hands them out: a worker takes the next when it is
    free."""

    def __init__(self, tally: Tally, fetch: Fetch, check: Check) -> None:
        self.tally, self.fetch, self.check = tally, fetch, check
        self.changed = threading.Condition()  # held by whoever touches what is below, or the tally
        self.page = 0
        self.going = 0
        self.is_over = False
        self.failed: list[SourceUnavailable] = []
        self.in_a_row: list[SourceUnavailable] = []

    def work(self) -> None:
        try:
            while page := self.claim():
                self.take(page)
        finally:  # there is nothing more for anybody, or this worker has met what ends the run
            with self.changed:
                self.is_over = True
                self.changed.notify_all()

    def claim(self) -> int:
        """The next page; 0 when there will be none. Pages that are under way may tell of others."""
        with self.changed:
            while not self.is_over:
                if page := self.following():
                    self.going += 1
                    return page
                if not self.going:
                    break
                self.changed.wait()
        return 0

    def following(self) -> int:
        while self.tally.wants(self.page + 1) and not self.is_down:
            self.page += 1
            if not self.tally.has(self.page):
                return self.page
        return 0

    def take(self, page: int) -> None:
        found: Fetched | SourceGarbled | SourceUnavailable
        try:
            found = self.fetch(page, None)
        except (SourceGarbled, SourceUnavailable) as error:
            found = error
        with self.changed:
            self.check()
            self.note(page, found)
            self.going -= 1
            self.changed.notify_all()

    def note(self, page: int, found: Fetched | SourceGarbled | SourceUnavailable) -> None:
        match found:
            case SourceGarbled():
                self.tally.left_out[page] = str(found)
            case SourceUnavailable():
                self.failed.append(found)
                self.in_a_row.append(found)
            case _:
                self.tally.add(found)
                self.in_a_row.clear()

    @property
    def is_down(self) -> bool:
        """As many failures as requests in flight, and no page between them, are not bad luck."""
        return len(self.in_a_row) >= IN_FLIGHT


def one_round(tally: Tally, fetch: Fetch, check: Check) -> list[SourceUnavailable]:
    going = Round(tally, fetch, check)
    with workers() as pool:
        for ended in as_completed([pool.submit(going.work) for _ in range(WORKERS)]):
            ended.result()
    if going.is_down:
        raise going.in_a_row[0]
    return going.failed


@contextmanager
def workers() -> Iterator[ThreadPoolExecutor]:
    pool = ThreadPoolExecutor(WORKERS, "page")
    try:
        yield pool
    except Exception:
        pool.shutdown(cancel_futures=True)
        raise
    except BaseException:  # told to stop: nobody waits for answers that may take a minute
        pool.shutdown(wait=False, cancel_futures=True)
        raise
    pool.shutdown()
