"""The page loop: many pages at once, never more than a window of them in memory."""

from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from queue import SimpleQueue

from connector.errors import SourceGarbled, SourceUnavailable
from connector.tally import Fetched, Tally

IN_FLIGHT = 16  # requests at once; a source may declare fewer

# While a page is written to the bucket its worker asks nothing of the source, hence more workers than
# requests.
WORKERS = 2 * IN_FLIGHT

Fetch = Callable[[int, str | None], Fetched]
Check = Callable[[], None]
Going = Iterator[tuple[int, Future[Fetched]]]


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


def is_down(in_a_row: list[SourceUnavailable]) -> bool:
    """As many failures as requests in flight, and no page between them, are not bad luck."""
    return len(in_a_row) >= IN_FLIGHT


def one_round(tally: Tally, fetch: Fetch, check: Check) -> list[SourceUnavailable]:
    failed: list[SourceUnavailable] = []
    in_a_row: list[SourceUnavailable] = []
    with workers() as pool:
        for page, future in as_they_come(pool, tally, fetch, in_a_row):
            check()
            try:
                tally.add(future.result())
                in_a_row.clear()
            except SourceGarbled as error:
                tally.left_out[page] = str(error)
            except SourceUnavailable as error:
                failed.append(error)
                in_a_row.append(error)
    if is_down(in_a_row):
        raise in_a_row[0]
    return failed


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


def as_they_come(
    pool: ThreadPoolExecutor, tally: Tally, fetch: Fetch, in_a_row: list[SourceUnavailable]
) -> Going:
    ended: SimpleQueue[tuple[int, Future[Fetched]]] = SimpleQueue()

    def start(page: int) -> None:
        pool.submit(fetch, page, None).add_done_callback(lambda future: ended.put((page, future)))

    going, page = 0, 1
    while True:
        while going < WORKERS and tally.wants(page) and not is_down(in_a_row):
            if not tally.has(page):
                start(page)
                going += 1
            page += 1
        if not going:
            return
        yield ended.get()
        going -= 1
