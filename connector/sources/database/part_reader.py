"""Read one range of a table: where the server cannot send it as a whole, in halves down to single rows."""

from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import partial

from msgspec.structs import replace

from connector.errors import RangeCancelled, SourceUnavailable, ValueUnreadable
from connector.landing.files import RejectedRow
from connector.sources.database.database import KeyTexts, Session
from connector.sources.database.position import Part
from connector.sources.database.ranges import RangeQuery
from connector.sources.database.sessions import Sessions
from connector.sources.planned import PartContent
from runtime.retry import RetryPolicy

# So many unreadable ranges and not one row: the fault is of the query, and each row would cost two of them.
MAX_UNREADABLE = 1000


class PartReader:
    """`open_query`: the table as it is now. `columns`: of raw."""

    def __init__(
        self,
        sessions: Sessions,
        open_query: Callable[[Session], RangeQuery],
        columns: frozenset[str],
        retry: Callable[[], RetryPolicy],
    ) -> None:
        self.sessions = sessions
        self.open_query = open_query
        self.column_names = columns
        self.retry = retry

    def read(self, part: Part, constants: dict[str, str]) -> PartContent:
        """A range that the server cancels, or that has an unreadable value, is read in halves."""
        waiting, contents, failures = deque([part]), list[PartContent](), 0
        while waiting:
            part = waiting.popleft()
            try:
                contents.append(self.retry_cut(partial(self._read_once, part, constants)))
            except (RangeCancelled, ValueUnreadable) as error:
                failures += isinstance(error, ValueUnreadable)
                if failures >= MAX_UNREADABLE and not any(content.rows for content in contents):
                    raise
                # At the end of the queue: rows that can be read come before the single ones that cannot.
                halves = self._split(part)
                waiting += halves
                if not halves:
                    contents.append(self._reject(part, error))
        return join(contents)

    def _read_once(self, part: Part, constants: dict[str, str]) -> PartContent:
        with self.sessions.begin() as session:
            query = self.open_query(session)
            query.check_order(part)
            fields = query.table.fields
            lines = session.read_lines(fields, query.condition(part), constants)
            rows = lines.content.count(b"\n")
            # A proxy or a pooler may end a result early without an error.
            if rows != lines.announced:
                raise SourceUnavailable(
                    f"{session.name}: the server announced {lines.announced} rows and sent {rows}"
                )
        unmapped = tuple(sorted({field.column for field in fields} - self.column_names))
        return PartContent(lines.content, rows, unmapped=unmapped)

    def _reject(self, part: Part, error: RangeCancelled | ValueUnreadable) -> PartContent:
        """The only row of a range, which is a reject if it is unreadable. Several rows with the same key cannot be
        separated: then the part fails."""
        if isinstance(error, RangeCancelled):
            raise error
        with self.sessions.begin() as session:
            query = self.open_query(session)
            # 0: the row was deleted meanwhile; more: rows with the same key.
            if query.count(part) != 1:
                raise error
            key = query.key_at(part, 0)
        note = f"a row of {session.name} is in rejects/, key {key}: {error}"
        return PartContent(b"", 0, [RejectedRow(1, str(error), key)], note)

    def _split(self, part: Part) -> list[Part]:
        """Two parts with the same rows together; none if the range has only one row."""
        if part.keys:
            half = len(part.keys) // 2
            halves = part.keys[:half], part.keys[half:]
            return [replace(part, keys=keys) for keys in halves] if half else []
        size = max(part.rows, 2) // 2
        # Rows with nulls have no order by which they could be divided.
        while size and not part.nulls:
            with suppress(RangeCancelled):  # finding a key that is nearer is cheaper
                middle = self.retry_cut(partial(self._find_key, part, size))
                if middle and middle != part.low:
                    rest = max(part.rows - size, 1)
                    return [replace(part, high=middle, rows=size), replace(part, low=middle, rows=rest)]
            size //= 4
        return []

    def _find_key(self, part: Part, rows: int) -> KeyTexts | None:
        with self.sessions.begin() as session:
            return self.open_query(session).key_after(part, rows)

    def retry_cut[Result](self, operation: Callable[[], Result]) -> Result:
        """A cut connection discards what was received, and all of it is requested again."""
        policy = self.retry()

        def next_delay(error: Exception, attempt: int) -> float | None:
            # A cancelled range would be cancelled again; a smaller one may succeed.
            is_cut = isinstance(error, SourceUnavailable) and not isinstance(error, RangeCancelled)
            return policy.delay(attempt) if is_cut else None

        return policy.call(operation, next_delay)


def join(parts: Sequence[PartContent]) -> PartContent:
    notes = [part.note for part in parts if part.note]
    return PartContent(
        b"".join(part.lines for part in parts),
        sum(part.rows for part in parts),
        [reject for part in parts for reject in part.rejects],
        "; ".join(notes[:3]) or None,
        tuple(sorted({name for part in parts for name in part.unmapped})),
    )
