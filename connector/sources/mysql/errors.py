"""Errors of MySQL and MariaDB as those of the connector.

https://dev.mysql.com/doc/mysql-errors/8.4/en/server-error-reference.html and
https://mariadb.com/kb/en/mariadb-error-code-reference/
"""

from collections.abc import Iterator
from contextlib import contextmanager

import pymysql

from connector.errors import (
    KeyRejected,
    RangeCancelled,
    RequestRejected,
    SourceError,
    SourceUnavailable,
    ValueUnreadable,
)
from connector.sources.database.relation import write_grant

ACCESS_DENIED, DATABASE_DENIED, UNKNOWN_DATABASE, NO_SUCH_TABLE = 1045, 1044, 1049, 1146
TABLE_DENIED, COLUMN_DENIED, PRIVILEGE_MISSING, UNKNOWN_COLUMN = 1142, 1143, 1227, 1054
# Statement timeouts of MariaDB and MySQL, KILL QUERY, a deadlock.
CANCELLED = (1969, 3024, 1317, 1213)
LOCKED = 1205
# SIGNAL of a function, and the classes of SQLSTATE that depend on the values of a row: an unsigned number below 0, a
# subquery with several rows, an exception of a view's function.
SIGNALLED = 1644
UNREADABLE = ("21", "22", "45")
# Too many connections, shutdown, broken or killed connections; codes from 2000 to 2999 are the client's.
UNAVAILABLE = (0, 1040, 1053, 1152, 1158, 1159, 1160, 1161, 1184, 1203, 1226, 1927, 4031)
CLIENT = range(2000, 3000)
NO_TLS = 2026


class MissingProcess(RequestRejected):
    """The account lacks a global privilege."""


@contextmanager
def wrap_errors(name: str, user: str) -> Iterator[None]:
    """`name`: of the table. `user`: the account."""
    try:
        yield
    except pymysql.MySQLError as error:
        raise translate(error, name, user) from error


def error_code(error: pymysql.MySQLError) -> int:
    # Errors of the client itself may have no number.
    return int(error.args[0]) if error.args and str(error.args[0]).isdigit() else 0


def translate(error: pymysql.MySQLError, name: str, user: str) -> SourceError:
    code, text = error_code(error), " ".join(str(error.args[-1] if error.args else error).split())[:500]
    # By number: pymysql has one class of exception for most of them.
    if code in (TABLE_DENIED, COLUMN_DENIED, DATABASE_DENIED):
        return RequestRejected(
            f"the account {user!r} may not read {name}: {text}. Ask the owner for: {write_grant(name, user, '`')}"
        )
    if code == PRIVILEGE_MISSING:
        return MissingProcess(f"the account {user!r} lacks a privilege to read {name}: {text}")
    if code == NO_SUCH_TABLE:
        return RequestRejected(f"the server has no table {name}: {text}. Correct `relation`.")
    if code == UNKNOWN_COLUMN:
        return SourceUnavailable(f"the columns of {name} changed while it was read: {text}")
    if code in CANCELLED:
        return RangeCancelled(
            f"the server stopped a query of {name}: {text}. Is there an index on the key, and on the window's field?"
        )
    if code == LOCKED:
        return SourceUnavailable(f"{name} is locked by another session, for example by ALTER TABLE: {text}")
    is_of_row = code == SIGNALLED or str(getattr(error, "sqlstate", "")).startswith(UNREADABLE)
    if is_of_row or isinstance(error, pymysql.DataError):
        return ValueUnreadable(f"the server cannot write a value of {name}: {text}")
    if code in UNAVAILABLE or code in CLIENT:
        return SourceUnavailable(f"the connection to the server was lost while {name} was read: {text}")
    return RequestRejected(f"the server rejected a query of {name}: {text}")


def translate_connect(error: pymysql.MySQLError, name: str, place: str, user: str) -> SourceError:
    """`place`: the address without the password."""
    code, text = error_code(error), " ".join(str(error.args[-1] if error.args else error).split())[:500]
    if code == ACCESS_DENIED:
        return KeyRejected(
            f"the server at {place} rejected the password for {name}. Add a correct version of the secret."
        )
    if code in (DATABASE_DENIED, UNKNOWN_DATABASE):
        return RequestRejected(
            f"cannot connect to {place} for {name}: {text}. Correct `url`, or ask the owner for: "
            f"{write_grant(name, user, '`')}"
        )
    if code == NO_TLS:
        return RequestRejected(
            f"the server at {place} offers no TLS for {name}: {text}. Enable it, or set sslmode=disable in `url`."
        )
    return SourceUnavailable(
        f"could not reach the server at {place} for {name}: {text}. Check the address, and the network between."
    )
