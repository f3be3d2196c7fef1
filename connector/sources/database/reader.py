"""Read a table: the rows changed in a window, or all of them, in exact ranges of its key."""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import replace as replace_result
from functools import partial

import msgspec
from msgspec.structs import replace

from connector.errors import RangeCancelled, RequestRejected, SourceUnavailable, ValueUnreadable
from connector.landing.files import RejectedRow
from connector.raw_schema import FILE_NAME, Column, find_repeated
from connector.sources.base import fingerprint
from connector.sources.comparison import ComparingReader, KeyPage
from connector.sources.database.config import Limits, TableEndpoint
from connector.sources.database.database import Connect, KeyTexts, Session
from connector.sources.database.description import (
    describe_differences,
    describe_fields,
    propose_declaration,
)
from connector.sources.database.freeze import WindowFreezer
from connector.sources.database.position import Part, parse_part
from connector.sources.database.ranges import RangeQuery
from connector.sources.database.sessions import Sessions
from connector.sources.database.windows import Frozen, check_group
from connector.sources.planned import PartContent, ReadPlan
from connector.sources.window import IdRange
from runtime.retry import RetryPolicy

PART_BYTES = 16 << 20  # of JSON lines, in memory once per connection
KEY_ROWS = 200_000  # of a page of the key list
KEYS_PER_PART = 500  # they are listed in the query
SMALLEST_PART = 100  # rows


class TableReader(ComparingReader):
    """`sleep`: between checks whether the writers of an increasing key have finished. `address`: that of the database,
    without a password."""

    def __init__(
        self,
        connect: Connect,
        endpoint: TableEndpoint,
        columns: list[Column],
        limits: Limits,
        retry: Callable[[], RetryPolicy] = RetryPolicy,
        sleep: Callable[[float], None] = time.sleep,
        part_bytes: int = PART_BYTES,
        address: str = "",
    ) -> None:
        self.address = address
        self.part_bytes = part_bytes
        self.endpoint = endpoint
        self.limits = limits
        self.connections = limits.connections
        self.column_names = frozenset(column["name"] for column in columns)
        self.sessions = Sessions(connect, limits.connections)
        self.retry = retry
        self.freezer = WindowFreezer(endpoint.changes, sleep) if endpoint.changes else None

    @property
    def fingerprint(self) -> str:
        endpoint = self.endpoint
        return fingerprint(self.address, endpoint.relation, endpoint.key, endpoint.rename, endpoint.changes)

    def make_plan(self, span: IdRange) -> ReadPlan:
        # As a whole: half a plan of one transaction and half of another would not fit together.
        return self._retry(lambda: self._make_plan(span))

    def _make_plan(self, span: IdRange) -> ReadPlan:
        with self.sessions.begin() as session:
            query = self.open_query(session)
            frozen = self.freezer.freeze(session, query, span) if self.freezer else None
            rows = self._choose_part_rows(session, query)
            parts = tuple(part.encode() for part in self._iter_parts(query, frozen, rows))
            notes = [*(frozen.notes if frozen else ()), *describe_differences(query.table, self.column_names)]
            if frozen and query.has_rows_outside(frozen.until):
                field = self.endpoint.changes.field if self.endpoint.changes else ""
                notes.append(
                    f"rows of {session.name} with no value in {field!r}, or one that is more than a day in the future, "
                    "are in no window and not copied"
                )
            unmapped = sorted({field.column for field in query.table.fields} - self.column_names)
            until = frozen.covered - 1 if frozen else None
            return ReadPlan(parts, until=until, unmapped=tuple(unmapped), notes=tuple(notes))

    def open_query(self, session: Session) -> RangeQuery:
        """The table as it is now: a column may be added or dropped between two parts."""
        table = session.read_table()
        # The table exists, but without a grant on any column every query fails.
        if not table.fields:
            raise RequestRejected(
                f"the account {session.user!r} may not read any column of {session.name}. Ask the owner for: "
                f"GRANT SELECT ON {session.name} TO {session.user};"
            )
        renamed = [
            replace_result(field, column=self.endpoint.rename.get(field.name, field.name))
            for field in table.fields
        ]
        if repeated := find_repeated([field.column for field in renamed]):
            raise RequestRejected(
                f"several columns of {session.name} become {', '.join(repeated)} in raw. Correct `rename`."
            )
        table = replace_result(table, fields=renamed)
        query = RangeQuery(session, self.endpoint, table)
        if self.endpoint.changes and query.field:
            check_group(self.endpoint.changes, query.field, session.name)
        return query

    def _choose_part_rows(self, session: Session, query: RangeQuery) -> int:
        fitting = int(self.part_bytes / max(session.measure_line(query.table.fields), 1))
        return min(max(fitting, SMALLEST_PART), self.limits.page_rows)

    def _iter_parts(self, query: RangeQuery, frozen: Frozen | None, rows: int) -> Iterator[Part]:
        base = Part(rows=rows)
        if frozen:
            if frozen.start is not None and frozen.start >= frozen.until:
                return
            base = replace(base, start=frozen.start, until=frozen.until, by_field=frozen.start is not None)
        base = replace(base, order=query.describe_order(base))
        # First, and without a range: the number of such rows is usually small.
        if query.has_nullable_key():
            yield replace(base, nulls=True)
        # Without a lower bound nearly all rows are in the window, and an index of the key finds the boundaries.
        scan = base if base.by_field else replace(base, until=None)
        low = None
        while True:
            high = query.next_key(replace(scan, low=low), rows)
            yield replace(base, low=low, high=high)
            if high is None:
                return
            low = high

    @property
    def compares_keys(self) -> bool:
        return self.endpoint.deletes is not None

    @property
    def version(self) -> str:
        return self.endpoint.changes.field if self.endpoint.changes else ""

    def iter_keys(self, until: int | None) -> Iterator[KeyPage]:
        """In ranges of the key, each in a transaction of its own: a key is in one range only."""
        part = Part()
        while True:
            # A page is read again as a whole, so a cut connection repeats no key.
            page, part = self._retry(partial(self._read_keys, part, until))
            yield page
            if part.high is None:
                return
            part = replace(part, low=part.high, high=None)

    def _read_keys(self, part: Part, until: int | None) -> tuple[KeyPage, Part]:
        """The page, and its range."""
        with self.sessions.begin() as session:
            query = self.open_query(session)
            check_order(part, query)
            part = replace(part, high=query.next_key(part, KEY_ROWS), order=query.describe_order(part))
            lines = session.read_lines(query.key_fields(until), query.condition(part), {})
        return KeyPage(lines.content, lines.announced), part

    def plan_by_key(self, keys: Sequence[str]) -> list[str]:
        texts = [msgspec.json.decode(key, type=tuple[str, ...]) for key in keys]
        return [
            Part(keys=tuple(texts[first : first + KEYS_PER_PART])).encode()
            for first in range(0, len(texts), KEYS_PER_PART)
        ]

    def describe_columns(self, span: IdRange) -> list[tuple[str, str]]:
        """From the catalogue, in the order of the table."""
        with self.sessions.begin() as session:
            return describe_fields(session.read_table(), self.endpoint.rename)

    def propose(self) -> dict[str, object]:
        with self.sessions.begin() as session:
            return propose_declaration(session.read_table())

    def read_part(self, position: str, file_name: str) -> PartContent:
        return self._read(parse_part(position), {FILE_NAME: file_name})

    def _read(self, part: Part, constants: dict[str, str]) -> PartContent:
        """A range that the server cancels, or that has an unreadable value, is read in halves."""
        try:
            return self._retry(lambda: self._read_once(part, constants))
        except (RangeCancelled, ValueUnreadable) as error:
            halves = self._split(part)
            if halves:
                return join(self._read(half, constants) for half in halves)
            # Down to one row: it is a reject, and its neighbours are copied.
            if isinstance(error, ValueUnreadable):
                return self._reject(part, error)
            raise

    def _read_once(self, part: Part, constants: dict[str, str]) -> PartContent:
        with self.sessions.begin() as session:
            query = self.open_query(session)
            check_order(part, query)
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

    def _reject(self, part: Part, error: ValueUnreadable) -> PartContent:
        """The only row of a range. Several rows with the same key cannot be separated: then the part fails."""
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
                middle = self._retry(partial(self._find_key, part, size))
                if middle and middle != part.low:
                    rest = max(part.rows - size, 1)
                    return [replace(part, high=middle, rows=size), replace(part, low=middle, rows=rest)]
            size //= 4
        return []

    def _find_key(self, part: Part, rows: int) -> KeyTexts | None:
        with self.sessions.begin() as session:
            return self.open_query(session).key_after(part, rows)

    def _retry[Result](self, operation: Callable[[], Result]) -> Result:
        """A cut connection discards what was received, and all of it is requested again."""
        policy = self.retry()

        def next_delay(error: Exception, attempt: int) -> float | None:
            # A cancelled range would be cancelled again; a smaller one may succeed.
            is_cut = isinstance(error, SourceUnavailable) and not isinstance(error, RangeCancelled)
            return policy.delay(attempt) if is_cut else None

        return policy.call(operation, next_delay)


def check_order(part: Part, query: RangeQuery) -> None:
    """RequestRejected if a column of the range was retyped: as text 9 is after 10, so rows would be in no range."""
    order = query.describe_order(part)
    if part.order not in ("", order):
        raise RequestRejected(
            f"the key or the window's field of {query.session.name} was {part.order} when the run began and is {order} "
            "now, so the rest of its ranges is not read; the next run reads them under the new type."
        )


def join(contents: Iterator[PartContent]) -> PartContent:
    parts = list(contents)
    notes = [part.note for part in parts if part.note]
    return PartContent(
        b"".join(part.lines for part in parts),
        sum(part.rows for part in parts),
        [reject for part in parts for reject in part.rejects],
        "; ".join(notes[:3]) or None,
        tuple(sorted({name for part in parts for name in part.unmapped})),
    )
