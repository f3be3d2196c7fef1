"""The threads that fetch pages."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

IN_FLIGHT = 16  # requests to the source at the same time; a source may declare fewer

# While a worker writes a page to the bucket it sends no request, hence more workers than requests.
WORKERS = IN_FLIGHT * 3 // 2


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
