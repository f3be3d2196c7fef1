"""A connection to PostgreSQL. The server writes the JSON lines; Python only receives bytes."""

import io
from collections.abc import Mapping, Sequence
from typing import Any

import psycopg

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
    order_by,
)
from connector.sources.postgres.catalogue import COLUMNS, build_table, quote, quote_relation
from connector.sources.postgres.copy_rows import copy_rows
from connector.sources.postgres.errors import wrap_errors

# Without a limit a statement would wait for ALTER TABLE as long as that runs.
LOCK_SECONDS = 30
# A transaction that a killed run leaves open would hold back VACUUM.
IDLE_SECONDS = 600
SAMPLE_ROWS = 200
# The text of a value depends on these. Per transaction, because a pooler may give every transaction another connection.
TEXT_SETTINGS = {
    "timezone": "UTC",
    "datestyle": "ISO, YMD",
    "intervalstyle": "postgres",
    "extra_float_digits": "1",
    "bytea_output": "hex",
    "lc_monetary": "C",
    "xmloption": "content",
    "client_encoding": "UTF8",
    "standard_conforming_strings": "on",
}
# The relation with its partitions, children and, of a view, the tables that it reads.
SOURCES = """
with recursive sources as (
  select %s::regclass::oid as id
  union
  select edges.source from sources join (
    select inhparent as relation, inhrelid as source from pg_inherits
    union all
    select ev_class, refobjid from pg_rewrite join pg_depend
      on classid = 'pg_rewrite'::regclass and objid = pg_rewrite.oid and refclassid = 'pg_class'::regclass
  ) edges on edges.relation = sources.id
)
"""
# Visible to every user. An insert locks the table before it takes a number from the sequence. Without pid: prepared.
LOCKS = """
select virtualtransaction, pid from pg_locks
where locktype = 'relation' and relation in (select id from sources) and pid is distinct from pg_backend_pid()
  and database = (select oid from pg_database where datname = current_database())
  and mode in ('RowExclusiveLock', 'ShareRowExclusiveLock', 'ExclusiveLock', 'AccessExclusiveLock')
"""
WRITERS = SOURCES + LOCKS
# Whether others write: the primary, a publisher, the server of a foreign table.
REMOTE = f"""
{SOURCES}, locks as ({LOCKS})
select pg_is_in_recovery(),
  exists (select from pg_class join sources on oid = id where relkind = 'f')
  or exists (select from pg_subscription_rel join sources on srrelid = id),
  (select count(*) from locks where pid is null)
"""
# Of the sequences that a column of the table owns or has as its default: numbers that a session takes at once.
CACHE = f"""
{SOURCES}, sequences as (
  select objid as id from pg_depend join sources on refobjid = sources.id
  where classid = 'pg_class'::regclass and refclassid = 'pg_class'::regclass and deptype in ('a', 'i')
  union
  select refobjid from pg_attrdef join sources on adrelid = sources.id
  join pg_depend on classid = 'pg_attrdef'::regclass and objid = pg_attrdef.oid and refclassid = 'pg_class'::regclass
)
select coalesce(max(seqcache), 1) from pg_sequence join sequences on seqrelid = sequences.id
"""
# now() is when this transaction began. A transaction that began earlier and is still open may commit rows with its own,
# earlier now(). Without pg_read_all_stats the times of other users' sessions are null, which min() ignores.
BOUND = """
select floor(extract(epoch from least(
    now(),
    (select min(xact_start) from pg_stat_activity
     where datname = current_database() and pid <> pg_backend_pid()
       and backend_type not in ('walsender', 'autovacuum worker'))
  )) * 1000000)::bigint,
  pg_has_role(current_user, 'pg_read_all_stats', 'usage')
"""
NO_GRANT = (
    "the account is not a member of pg_read_all_stats, so open transactions are not visible: rows that are committed "
    "late are found by `look_back` only"
)
REPLICA = (
    "the server is a replica, which does not know the transactions of its primary: rows that are committed late are "
    "found by `look_back` only"
)
ELSEWHERE = (
    "rows of {} are written on another server (a foreign table or a subscription), whose transactions are not visible: "
    "rows that are committed late are found by `look_back` only"
)
BLOCKS = (
    "a session takes {} numbers of the sequence of {} at once, so smaller keys are inserted after greater ones: only "
    "`look_back` and `deletes: {{compare: daily}}` find them. Set CACHE 1"
)
PREPARED = (
    "{} prepared transactions write to {}, and the server does not know when they began: the next run reads this "
    "window again. End forgotten ones of pg_prepared_xacts with ROLLBACK PREPARED"
)


class PostgresSession(Session):
    def __init__(self, connection: "psycopg.Connection[Any]", relation: str, limits: Limits) -> None:
        self.connection = connection
        self.quoted = quote_relation(relation)
        self.relation = f"{self.quoted} as {TABLE}"
        self.name = relation
        self.user = connection.info.user
        settings = TEXT_SETTINGS | {
            "statement_timeout": f"{limits.statement_timeout}s",
            "lock_timeout": f"{LOCK_SECONDS}s",
            "idle_in_transaction_session_timeout": f"{IDLE_SECONDS}s",
        }
        # Repeatable read: the catalogue, the boundaries and the rows are of one version.
        self.start = "begin isolation level repeatable read read only" + "".join(
            f"; set local {name} = '{value}'" for name, value in settings.items()
        )

    def begin(self) -> None:
        with self._wrap():
            self.connection.execute(self.start)

    def end(self) -> None:
        with self._wrap():
            self.connection.execute("commit")

    def close(self) -> None:
        self.connection.close()

    def _wrap(self) -> Any:
        return wrap_errors(self.name, self.user)

    def _rows(self, sql: str, *parameters: str) -> list[tuple[Any, ...]]:
        with self._wrap():
            # Parameters are inserted by the client: a pooler may not support server-side binding.
            cursor = psycopg.ClientCursor(self.connection)
            # None without parameters: then a % in the text is not a placeholder.
            return cursor.execute(sql, parameters or None).fetchall()

    def read_table(self) -> Table:
        return build_table(self._rows(COLUMNS, self.quoted, self.quoted))

    def read_bound(self) -> Bound:
        [(microseconds, sees_others)] = self._rows(BOUND)
        remote, prepared = self._read_remote()
        # Elsewhere the grant does not help, so only one of the notes is shown.
        notes = [remote] if remote else [] if sees_others else [NO_GRANT]
        if prepared:
            notes.append(PREPARED.format(prepared, self.name))
        return Bound(int(microseconds), tuple(notes), is_known=not prepared)

    def _read_remote(self) -> tuple[str, int]:
        """Why transactions are not visible, or "", and the number of prepared ones that write to the table."""
        [(is_replica, is_elsewhere, prepared)] = self._rows(REMOTE, self.quoted)
        return REPLICA if is_replica else ELSEWHERE.format(self.name) if is_elsewhere else "", int(prepared)

    def list_writers(self) -> set[str] | None:
        if self._read_remote()[0]:
            return None
        return {row[0] for row in self._rows(WRITERS, self.quoted)}

    def describe_numbering(self) -> str | None:
        [(cache,)] = self._rows(CACHE, self.quoted)
        return BLOCKS.format(cache, self.name) if cache > 1 else None

    def read_rows(self, sql: str) -> list[tuple[str | None, ...]]:
        return self._rows(sql)

    def read_lines(self, fields: Sequence[Field], condition: str, constants: Mapping[str, str]) -> Lines:
        """JSON never contains the bytes 1 and 2 unescaped, so with them as quote and delimiter the CSV is the JSON."""
        select = self._select(fields, condition, constants)
        # .* because a column may have the name of the alias.
        copy = (
            f"copy (select row_to_json(sys_row.*) from ({select}) sys_row) to stdout "
            "(format csv, quote e'\\x01', delimiter e'\\x02')"
        )
        buffer = io.BytesIO()
        with self._wrap(), self.connection.cursor() as cursor:
            announced = copy_rows(cursor, copy, buffer.write)
        return Lines(buffer.getvalue(), announced)

    def _select(self, fields: Sequence[Field], condition: str, constants: Mapping[str, str]) -> str:
        columns = [f"{field.text} as {quote(field.column)}" for field in fields]
        columns += [f"{quote_text(value)} as {quote(name)}" for name, value in constants.items()]
        return f"select {', '.join(columns)} from {self.relation} where {condition}"

    def measure_line(self, fields: Sequence[Field]) -> float:
        select = f"{self._select(fields, 'true', {})} limit {SAMPLE_ROWS}"
        lines = f"select row_to_json(sys_row.*)::text as line from ({select}) sys_row"
        [(average,)] = self._rows(f"select coalesce(avg(octet_length(line)), 0) from ({lines}) sys_lines")
        return float(average)

    def json_array(self, expressions: Sequence[str]) -> str:
        return f"json_build_array({', '.join(expressions)})::text"

    def literal(self, field: Field, text: str) -> str:
        return f"{quote_text(text)}::{field.type}"

    def time_literal(self, field: Field, text: str) -> str:
        # Explicit, so that the literal does not depend on the session's zone.
        zone = "+00" if field.group == "moment" else ""
        return self.literal(field, text + zone)

    def compare(self, fields: Sequence[Field], operator: Operator, values: KeyTexts) -> str:
        literals = ", ".join(self.literal(field, value) for field, value in zip(fields, values, strict=True))
        return f"({order_by(fields)}) {operator} ({literals})"


def quote_text(text: str) -> str:
    # Sufficient with standard_conforming_strings, which TEXT_SETTINGS sets.
    escaped = text.replace("'", "''")
    return f"'{escaped}'"
