"""Read a table: the rows changed in a window, or all of them, in exact ranges of its key."""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import replace as replace_result
from functools import partial

import msgspec
from msgspec.structs import replace

from connector.errors import RangeCancelled, RequestRejected, ValueUnreadable
from connector.raw_schema import FILE_NAME, Column, find_repeated
from connector.sources.base import fingerprint
from connector.sources.comparison import ComparingReader, KeyPage
from connector.sources.database.config import Limits, TableEndpoint
from connector.sources.database.database import Connect, Session
from connector.sources.database.description import (
    HIDDEN_ROWS,
    describe_differences,
    describe_fields,
    propose_declaration,
)
from connector.sources.database.freeze import WindowFreezer
from connector.sources.database.part_reader import PartReader
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
UNKNOWN_PART = 5000  # rows, if the size of a row cannot be measured


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
        self.parts = PartReader(self.sessions, self.open_query, self.column_names, retry)
        self.freezer = WindowFreezer(endpoint.changes, sleep) if endpoint.changes else None

    @property
    def fingerprint(self) -> str:
        endpoint = self.endpoint
        return fingerprint(self.address, endpoint.relation, endpoint.key, endpoint.rename, endpoint.changes)

    def make_plan(self, span: IdRange) -> ReadPlan:
        # As a whole: half a plan of one transaction and half of another would not fit together.
        return self.parts.retry_cut(lambda: self._make_plan(span))

    def _make_plan(self, span: IdRange) -> ReadPlan:
        rows = self._choose_part_rows()
        with self.sessions.begin() as session:
            query = self.open_query(session)
            frozen = self.freezer.freeze(session, query, span) if self.freezer else None
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

    def _choose_part_rows(self) -> int:
        """In a transaction of its own, which an unreadable row of the sample ends."""
        fitting = UNKNOWN_PART
        with suppress(ValueUnreadable, RangeCancelled), self.sessions.begin() as session:
            size = session.measure_line(self.open_query(session).table.fields)
            fitting = int(self.part_bytes / max(size, 1))
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
            page, part = self.parts.retry_cut(partial(self._read_keys, part, until))
            yield page
            if part.high is None:
                return
            part = replace(part, low=part.high, high=None)

    def _read_keys(self, part: Part, until: int | None) -> tuple[KeyPage, Part]:
        """The page, and its range."""
        with self.sessions.begin() as session:
            query = self.open_query(session)
            query.check_order(part)
            # Rows that policies hide would count as deleted.
            if query.table.hides_rows:
                raise RequestRejected(f"the keys of {session.name} are not compared: {HIDDEN_ROWS}.")
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
        return self.parts.read(parse_part(position), {FILE_NAME: file_name})
