"""Queries of ranges of a table's key: conditions, boundaries, the key of a row."""

import json
from dataclasses import replace

from connector.errors import RequestRejected
from connector.sources.comparison import DUE, POSITION
from connector.sources.database.config import TableEndpoint
from connector.sources.database.database import Field, KeyTexts, Session, Table, order_by
from connector.sources.database.position import Part
from connector.sources.database.windows import write_bound

DAY_MICROSECONDS = 86_400 * 10**6


class RangeQuery:
    """`table`: its fields have the names of columns of raw. `field`: of the window, if there is one."""

    def __init__(self, session: Session, endpoint: TableEndpoint, table: Table) -> None:
        self.session = session
        self.table = table
        self.changes = endpoint.changes
        self.key = require_fields(table, list(endpoint.key), session.name, "key")
        names = [endpoint.changes.field] if endpoint.changes else []
        self.field = next(iter(require_fields(table, names, session.name, "window.field")), None)

    def order(self, part: Part) -> list[Field]:
        """The fields that a range of the part is made of."""
        if not part.by_field or not self.field:
            return self.key
        return [self.field, *(field for field in self.key if field != self.field)]

    def describe_order(self, part: Part) -> str:
        """The same text for types that have the same order, such as integers of all sizes."""
        types = ((field.group if field.group != "other" else field.type) for field in self.order(part))
        # Longer texts have the same order; an enumeration is ordered by its list.
        return " ".join(
            kind if kind.startswith(("enum", "set")) else kind.partition("(")[0] for kind in types
        )

    def check_order(self, part: Part) -> None:
        """RequestRejected if a column of the range was retyped: as text 9 is after 10, so rows would be in no range."""
        order = self.describe_order(part)
        if part.order not in ("", order):
            raise RequestRejected(
                f"the key or the window's field of {self.session.name} was {part.order} when the run began and is "
                f"{order} now, so the rest of its ranges is not read; the next run reads them under the new type."
            )

    def condition(self, part: Part) -> str:
        terms = self._window_terms(part)
        if part.keys:
            return " and ".join([*terms, self._any_of(part.keys)])
        nullable = [field for field in self.key if field.is_nullable]
        if part.nulls:
            return " and ".join(
                [*terms, f"({' or '.join(f'{field.nullable} is null' for field in nullable)})"]
            )
        # No comparison is true for null; these rows are a part of their own.
        terms += [f"{field.nullable} is not null" for field in nullable]
        fields = self.order(part)
        if part.low is not None:
            terms.append(self.session.compare(fields, ">=", part.low))
        if part.high is not None:
            terms.append(self.session.compare(fields, "<", part.high))
        return " and ".join(terms) or "true"

    def _any_of(self, keys: tuple[KeyTexts, ...]) -> str:
        return f"({' or '.join(self.session.compare(self.key, '=', key) for key in keys)})"

    def _window_terms(self, part: Part) -> list[str]:
        if not self.field or not self.changes:
            return []
        field, zone = self.field, self.changes.zone
        bounds = [(">=", part.start), ("<", part.until)]
        return [
            f"{field.sort} {operator} {write_bound(self.session, field, value, zone)}"
            for operator, value in bounds
            if value is not None
        ]

    def next_key(self, part: Part, rows: int) -> KeyTexts | None:
        """The key after the first `rows` rows of the part; None if it has no more. It is greater than `part.low`."""
        if part.low is None:
            return self.key_after(part, rows)
        # Strictly greater, otherwise rows with equal keys would make a range of no rows, without end.
        beyond = f"{self.condition(part)} and {self.session.compare(self.order(part), '>', part.low)}"
        return self._key_of(part, beyond, rows - 1)

    def key_after(self, part: Part, rows: int) -> KeyTexts | None:
        return self._key_of(part, self.condition(part), rows)

    def _key_of(self, part: Part, condition: str, offset: int) -> KeyTexts | None:
        fields = self.order(part)
        texts = ", ".join(field.key_text for field in fields)
        rows = self.session.read_rows(
            f"select {texts} from {self.session.relation} where {condition} "
            f"order by {order_by(fields)} limit 1 offset {offset}"
        )
        return tuple(text or "" for text in rows[0]) if rows else None

    def count(self, part: Part) -> int:
        sql = f"select count(*) from {self.session.relation} where {self.condition(part)}"
        return int(self.session.read_rows(sql)[0][0] or 0)

    def key_fields(self, until: int | None) -> list[Field]:
        """The fields of a list of keys: the key and the version as in raw, the key as its position, and whether the
        windows until `until` had to contain the row."""
        later = self._later_terms(until + 1) if until is not None else []
        # A time far in the future is in no window, so the row is due now.
        far = f"when {later[1]} then 'true' " if len(later) > 1 else ""
        due = f"case {far}when {later[0] if later else '1 = 0'} then 'false' else 'true' end"
        # As the server writes the key, so that it can be read back as a literal.
        position = self.session.json_array([field.key_text for field in self.key])
        fields = {field.column: field for field in [*self.key, *([self.field] if self.field else [])]}
        # Expressions instead of columns; only the text is used.
        plain = Field("", "", "text", False, "", "", "")
        return [
            *fields.values(),
            replace(plain, column=POSITION, text=position),
            replace(plain, column=DUE, text=due),
        ]

    def key_at(self, part: Part, offset: int) -> str:
        """The key of a row as JSON, for messages."""
        names = [field.column for field in self.order(part)]
        key = self.key_after(part, offset)
        return json.dumps(dict(zip(names, key, strict=True))) if key else ""

    def has_nullable_key(self) -> bool:
        """Whether rows with a null in the key may exist: views, and tables without a primary key."""
        return any(field.is_nullable for field in self.key)

    def has_rows_outside(self, until: int) -> bool:
        """Rows that no window will contain soon, if the window ends at `until`."""
        terms = self._later_terms(until)[1:]  # an increasing key may be as great as it likes
        if self.field and self.field.is_nullable:
            terms.append(f"{self.field.sort} is null")
        return any(
            self.session.read_rows(f"select 1 from {self.session.relation} where {term} limit 1")
            for term in terms
        )

    def _later_terms(self, until: int) -> list[str]:
        """Whether the row belongs to a later window; for times, whether it is more than a day in the future."""
        if not self.field or not self.changes:
            return []
        days = (0, DAY_MICROSECONDS) if self.changes.is_time else (0,)
        bounds = [
            write_bound(self.session, self.field, until + days_on, self.changes.zone) for days_on in days
        ]
        return [f"{self.field.sort} >= {bound}" for bound in bounds]

    def largest_id(self) -> int | None:
        sort, key_text = (self.field.sort, self.field.key_text) if self.field else ("null", "null")
        rows = self.session.read_rows(
            f"select {key_text} from {self.session.relation} where {sort} is not null order by {sort} desc limit 1"
        )
        return int(rows[0][0] or 0) if rows else None


def require_fields(table: Table, columns: list[str], name: str, key: str) -> list[Field]:
    """RequestRejected with the columns that exist."""
    by_column = {field.column: field for field in table.fields}
    for column in columns:
        if column not in by_column:
            existing = ", ".join(sorted(by_column))
            raise RequestRejected(
                f"{name} has no column for {key} {column!r}; it has: {existing}. Correct the declaration, or `rename`."
            )
    return [by_column[column] for column in columns]
