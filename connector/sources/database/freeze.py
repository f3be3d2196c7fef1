"""The end of a window: where the oldest transaction that is still open began, or the greatest key."""

from collections.abc import Callable
from dataclasses import dataclass

from connector.sources.database.config import SMALLEST_ID, TableWindow
from connector.sources.database.database import Field, Session
from connector.sources.database.ranges import RangeQuery
from connector.sources.database.windows import Frozen, ceil_time, floor_time, to_moment
from connector.sources.window import IdRange

# Ten seconds: usual transactions end in this time, and a longer one only costs a repeated window.
WRITER_CHECKS = 10
WRITER_SECONDS = 1.0
INVISIBLE = (
    "open transactions are not visible to the account or on this server: only `look_back` finds rows that are "
    "committed late"
)
LATE_MICROSECONDS = 600 * 10**6  # a transaction that is open longer is noted


@dataclass
class WindowFreezer:
    """`sleep`: between checks whether the writers of an increasing key have finished."""

    changes: TableWindow
    sleep: Callable[[float], None]

    def freeze(self, session: Session, query: RangeQuery, span: IdRange) -> Frozen | None:
        changes = self.changes
        if not query.field:
            return None
        first = changes.to_time_window().first_microseconds if changes.is_time else None
        # The declared beginning of all times means no lower bound, so rows before it are read as well.
        start = None if span.start is None or first is not None and span.start <= first else span.start
        if first is not None:
            return self._freeze_time(session, query.field, start, span.until, first)
        return self._freeze_ids(session, query, start, span)

    def _freeze_time(
        self, session: Session, field: Field, start: int | None, until: int | None, first: int
    ) -> Frozen:
        zone = self.changes.zone
        bound = session.read_bound()
        end = bound.microseconds if until is None else min(bound.microseconds, until + 1)
        notes = list(bound.notes)
        # A transaction that stays open holds back all later rows, which a person should know.
        if until is not None and until + 1 - end > LATE_MICROSECONDS:
            notes.append(
                f"a transaction is open since {to_moment(end):%Y-%m-%d %H:%M:%S} UTC: later rows belong to the next run"
            )
        # Rounded down: later rows may still get the last value of the column, such as the same day.
        covered = floor_time(end, field, zone) if bound.is_known else first
        if start is not None:
            # A transaction that began before the earlier window ended: nothing new is covered, nothing less either.
            covered = max(covered, start)
            start = min(floor_time(start, field, zone), end)
        return Frozen(start, ceil_time(end, field, zone), covered, tuple(notes))

    def _freeze_ids(self, session: Session, query: RangeQuery, start: int | None, span: IdRange) -> Frozen:
        """Up to the greatest key. Transactions that are open may still commit smaller ones: they are awaited, and if
        they stay open the next window begins where this one does."""
        last = query.largest_id()
        end = (last if last is not None else (start or 0) - 1) + 1
        end = end if span.until is None else min(end, span.until + 1)
        start = None if start is None else min(start, end)
        # After the greatest key was read: a writer that begins later gets a greater one.
        writers, checks = session.list_writers(), 0
        while writers and checks < WRITER_CHECKS:
            self.sleep(WRITER_SECONDS)
            # Only those that were open at first; new ones write greater keys.
            writers &= session.list_writers() or set()
            checks += 1
        # Of an empty table it would be below the integers of BigQuery.
        covered = max(end, SMALLEST_ID + 1)
        numbering = session.describe_numbering()
        notes = (numbering,) if numbering else ()
        if writers is None:
            return Frozen(start, end, covered, (INVISIBLE, *notes))
        if writers:
            note = f"{len(writers)} open transactions write to {session.name}: the next run reads this window again"
            # The watermark stays where it was, so that the next run requests the same keys.
            covered = start if start is not None else SMALLEST_ID + 1
            return Frozen(start, end, covered, (note, *notes))
        return Frozen(start, end, covered, notes)
