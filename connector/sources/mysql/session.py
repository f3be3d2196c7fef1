"""A connection to MySQL or MariaDB. The server writes the JSON lines; Python only receives bytes."""

import io
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager

import msgspec
from pymysql.connections import Connection
from pymysql.cursors import Cursor, SSCursor

from connector.errors import ValueUnreadable
from connector.sources.database.config import Limits
from connector.sources.database.database import (
    TABLE,
    Bound,
    Field,
    KeyTexts,
    Lines,
    Operator,
    Session,
    Table,
)
from connector.sources.database.relation import split_relation
from connector.sources.mysql.catalogue import (
    BYTES,
    COLUMNS,
    NUMBERS,
    TEXTS,
    build_table,
    quote,
)
from connector.sources.mysql.errors import MissingProcess, wrap_errors
from connector.sources.mysql.rows import enlarge_buffer, iter_values

LOCK_SECONDS = 30
SAMPLE_ROWS = 200
PACKET_OVERFLOW = "1301"  # a warning; the value of the function is NULL then
CLOCK = "select cast(floor(unix_timestamp(now(6)) * 1000000) as signed)"
OLDEST = """
select cast(floor(unix_timestamp(least(
    coalesce((select min(trx_started) from information_schema.innodb_trx
      where trx_is_read_only = 0 and trx_mysql_thread_id <> connection_id()), now(6)),
    coalesce((select min(now(6) - interval time + 1 second) from information_schema.processlist
      where command in ('Query', 'Execute') and id <> connection_id()), now(6))
  )) * 1000000) as signed)
"""
# innodb_trx is a copy, which is up to 0.1 s old if another session has just read it.
WAIT_FOR_COPY = "do sleep(0.15)"
WRITERS = """
select trx_id from information_schema.innodb_trx
where trx_is_read_only = 0 and trx_rows_modified > 0 and trx_mysql_thread_id <> connection_id()
"""
# The threads that apply the changes of another server; without PROCESS they are not listed, but a replica is read-only.
REPLICA = """
select @@global.read_only not in ('0', 'OFF') or exists (
  select 1 from information_schema.processlist where user = 'system user' and command <> 'Daemon')
"""
NO_PRIMARY = (
    "the server is a replica or a member of a cluster, which does not know the transactions of the others: rows that "
    "are committed late are found by `look_back` only"
)
INTERLEAVED = (
    "auto_increment_increment is {}: several servers number their rows independently, so smaller keys arrive after "
    "greater ones. Only `look_back` and `deletes: {{compare: daily}}` find them"
)
TOO_LARGE = "a row of {} is larger than max_allowed_packet of the server. Raise it there."
NO_GRANT = (
    "the account lacks the privilege PROCESS, so open transactions are not visible: rows that are committed late are "
    "found by `look_back` only"
)


class MysqlSession(Session):
    """`connection`: without conversions, so every value is bytes."""

    def __init__(
        self, connection: "Connection[Cursor]", relation: str, database: str, user: str, limits: Limits
    ) -> None:
        self.connection = connection
        enlarge_buffer(connection)
        self.name = relation
        self.user = user
        schema, self.table = split_relation(relation, "`")
        self.schema = schema or database
        self.relation = f"{quote(self.schema)}.{quote(self.table)} as {TABLE}"
        is_mariadb = "MariaDB" in str(connection.get_server_info())  # type: ignore[no-untyped-call]
        timeout = (
            f"max_statement_time = {limits.statement_timeout}"
            if is_mariadb
            else f"max_execution_time = {limits.statement_timeout * 1000}"
        )
        self.settings = (
            f"set session time_zone = '+00:00', sql_mode = 'NO_ENGINE_SUBSTITUTION', {timeout}, "
            f"lock_wait_timeout = {LOCK_SECONDS}, innodb_lock_wait_timeout = {LOCK_SECONDS}, "
            "sql_select_limit = default, max_error_count = 1024, transaction_isolation = 'REPEATABLE-READ'"
        )
        if is_mariadb:
            self.settings = self.settings.replace("transaction_isolation", "tx_isolation")

    def begin(self) -> None:
        # In every transaction, as a pooler may reset or change sessions between them.
        self._execute(self.settings)
        # With the snapshot taken now, not at the first query: count and lines must be of one version.
        self._execute("start transaction with consistent snapshot, read only")

    def end(self) -> None:
        self._execute("commit")

    def close(self) -> None:
        with self._wrap():
            self.connection.close()

    def _wrap(self) -> AbstractContextManager[None]:
        return wrap_errors(self.name, self.user)

    def _execute(self, sql: str) -> list[tuple[bytes | None, ...]]:
        with self._wrap(), self.connection.cursor() as cursor:
            cursor.execute(sql)
            return list(cursor.fetchall())

    def read_rows(self, sql: str) -> list[tuple[str | None, ...]]:
        rows = self._execute(sql)
        return [tuple(None if value is None else value.decode() for value in row) for row in rows]

    def read_table(self) -> Table:
        """Columns that the account may not read are not listed; an error of the table itself is reported by a query."""
        names = {"schema": quote_text(self.schema), "table": quote_text(self.table)}
        rows = self.read_rows(COLUMNS.format(**names))
        # No columns: no such table, or no grant on it. The query reports which.
        if not rows:
            self._execute(f"select 1 from {self.relation} limit 0")
        return build_table(rows)

    def read_bound(self) -> Bound:
        """trx_started is in the time zone of the server, and has seconds; a statement that waits for a lock on the
        table has the time of its start, and no transaction yet."""
        self._execute("set session time_zone = 'SYSTEM'")
        try:
            # Before the transactions are read: one that begins in between has a later time.
            clock = self._read_integer(CLOCK)
            self._execute(WAIT_FOR_COPY)
            notes = (NO_PRIMARY,) if self._read_integer(REPLICA) else ()
            return Bound(min(clock, self._read_integer(OLDEST)), notes)
        except MissingProcess:
            return Bound(clock, (NO_GRANT,))
        finally:
            self._execute("set session time_zone = '+00:00'")

    def _read_integer(self, sql: str) -> int:
        return int(self.read_rows(sql)[0][0] or 0)

    def list_writers(self) -> set[str] | None:
        self._execute(WAIT_FOR_COPY)
        try:
            if self._read_integer(REPLICA):
                return None
            return {str(row[0]) for row in self.read_rows(WRITERS)}
        except MissingProcess:
            return None

    def describe_numbering(self) -> str | None:
        step = self._read_integer("select @@global.auto_increment_increment")
        return INTERLEAVED.format(step) if step > 1 else None

    def read_lines(self, fields: Sequence[Field], condition: str, constants: Mapping[str, str]) -> Lines:
        """The number of rows is counted by the server in the same snapshot."""
        # Compared with the lines that arrive; a cut result would look like the end.
        announced = self._read_integer(f"select count(*) from {self.relation} where {condition}")
        buffer = io.BytesIO()
        sql = f"select {write_object(fields, constants)} from {self.relation} where {condition}"
        with self._wrap(), self._stream(sql) as rows:
            for lines in rows:
                buffer.write(b"\n".join([*lines, b""]))
        # MariaDB replaces what is larger than max_allowed_packet by NULL, with no more than a warning.
        if any(row[1] == PACKET_OVERFLOW for row in self.read_rows("show warnings")):
            raise ValueUnreadable(TOO_LARGE.format(self.name))
        return Lines(buffer.getvalue(), announced)

    @contextmanager
    def _stream(self, sql: str) -> Iterator[Iterator[list[bytes]]]:
        """Values that are not all in memory. After an error the rest is not read: the connection is closed."""
        cursor = SSCursor(self.connection)
        try:
            cursor.execute(sql)
            yield iter_values(self.connection, cursor, ValueUnreadable(TOO_LARGE.format(self.name)))
            cursor.close()
        finally:
            cursor.connection = None  # type: ignore[assignment]  # its destructor would read the rest

    def measure_line(self, fields: Sequence[Field]) -> float:
        columns = ", ".join(quote(field.name) for field in fields)
        # The limit inside: otherwise the average would be computed over the whole table.
        rows = f"select {columns} from {self.relation} limit {SAMPLE_ROWS}"
        sql = f"select coalesce(avg(length({write_object(fields, {})})), 0) from ({rows}) {TABLE}"
        return float(self.read_rows(sql)[0][0] or 0)

    def json_array(self, expressions: Sequence[str]) -> str:
        return f"cast(json_array({', '.join(expressions)}) as char)"

    def literal(self, field: Field, text: str) -> str:
        kind = field.type.split("(")[0].split(" ")[0].lower()
        if kind in NUMBERS:
            return text
        # Hexadecimal, as `key_text` writes it.
        if kind in BYTES:
            return f"x'{text}'"
        return quote_text(text) if kind in TEXTS else f"'{text}'"

    def time_literal(self, field: Field, text: str) -> str:
        return f"'{text[:10] if field.group == 'day' else text}'"

    def compare(self, fields: Sequence[Field], operator: Operator, values: KeyTexts) -> str:
        """`(a, b) < (x, y)` would not use an index: a < x or (a = x and b < y).

        https://dev.mysql.com/doc/refman/8.4/en/range-optimization.html#row-constructor-range-optimization
        """
        pairs = [
            (field.sort, self.literal(field, value)) for field, value in zip(fields, values, strict=True)
        ]
        if operator == "=":
            return f"({' and '.join(f'{sort} = {literal}' for sort, literal in pairs)})"
        strict = operator.rstrip("=")
        terms = []
        for position, (sort, literal) in enumerate(pairs):
            last = position == len(pairs) - 1
            equal = [f"{other} = {value}" for other, value in pairs[:position]]
            terms.append(" and ".join([*equal, f"{sort} {operator if last else strict} {literal}"]))
        return f"({' or '.join(f'({term})' for term in terms)})"


def write_object(fields: Sequence[Field], constants: Mapping[str, str]) -> str:
    """A row as a JSON object, every value a text or null. `json_object` would take nearly twice the time of the
    server, which appends to it character by character."""
    opening, parts = "{", list[str]()
    for field in fields:
        parts += [quote_text(f"{opening}{encode(field.column)}:"), write_value(field.text)]
        opening = ","
    rest = ",".join(f"{encode(name)}:{encode(value)}" for name, value in constants.items())
    parts.append(quote_text(f"{opening if rest or not fields else ''}{rest}}}"))
    return f"concat({', '.join(parts)})"


def encode(text: str) -> str:
    return msgspec.json.encode(text).decode()


def write_value(text: str) -> str:
    # `coalesce` would hide a value that cannot be quoted; here its whole row becomes NULL, and a reject.
    return f"ifnull(json_quote({text}), if({text} is null, 'null', null))"


def quote_text(text: str) -> str:
    """Hexadecimal, which needs no escapes; a literal, so that a column keeps its own collation in a comparison."""
    return f"_utf8mb4 x'{text.encode().hex()}'"
