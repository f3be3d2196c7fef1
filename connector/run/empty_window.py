"""Whether a window by time without rows is really empty.

A source may match nothing with a bound in another format than its own, and answers it as if there were no rows.
"""

from connector.errors import SourceError
from connector.extract.page_tracker import PageTracker
from connector.run.page_extractor import PageExtractor
from connector.sources.time_window import TimeWindow
from connector.sources.window import IdRange, window_of


def check_empty(extractor: PageExtractor, tracker: PageTracker) -> None:
    """Give page 1 a fault if the source has rows of this time without the bounds.

    Only before the first rows have come, because later an empty window is usual, and each costs a request.
    """
    context, state = extractor.context, extractor.state
    declared = window_of(context.endpoint)
    is_first = state.covered is None and state.requested == IdRange() and not tracker.invalid
    if not isinstance(declared, TimeWindow) or tracker.received or not is_first:
        return
    try:
        items = context.page_reader.read_page(1, None, IdRange()).items
    except SourceError:
        return  # some sources require the bound
    if items and extractor.is_due(items):
        tracker.faults[1] = (
            f"page 1: it is empty, but without {declared.start!r} the source returns items of this window: check "
            "`format`, `zone` and `from` of time_window"
        )
