"""PostgreSQL's errors as those of the connector: https://www.postgresql.org/docs/current/errcodes-appendix.html"""

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
from psycopg import errors

from connector.errors import (
    KeyRejected,
    RangeCancelled,
    RequestRejected,
    SourceError,
    SourceUnavailable,
    ValueUnreadable,
)
from connector.sources.database.relation import write_grant

CANCELLED = (errors.QueryCanceled, errors.SerializationFailure, errors.DeadlockDetected)
# Classes of SQLSTATE that depend on the values of a row: an exception of a view's function, a subquery with several
# rows, the check of a domain, a text above 1 GB, a damaged row.
UNREADABLE = ("21", "22", "23", "54", "P0", "XX001", "XX002")
DAMAGED_TEXTS = ("invalid memory alloc request size", "toast value")  # of XX000, which may be anything
MISSING = (errors.UndefinedTable, errors.InvalidSchemaName, errors.UndefinedObject)
# The server sends these before a session exists, so psycopg has their text only; lc_messages may translate it.
PASSWORD_TEXTS = ("password authentication failed", "no password supplied", "28P01")
REJECTED_TEXTS = ("does not exist", "is not permitted to log in", "no pg_hba.conf entry", "permission denied")


@contextmanager
def wrap_errors(name: str, user: str) -> Iterator[None]:
    """`name`: of the table. `user`: the account."""
    try:
        yield
    except psycopg.Error as error:
        raise translate(error, name, user) from error


def is_unreadable(error: psycopg.Error) -> bool:
    is_damaged = isinstance(error, errors.InternalError_) and any(
        text in str(error) for text in DAMAGED_TEXTS
    )
    return is_damaged or (error.sqlstate or "").startswith(UNREADABLE)


def translate(error: psycopg.Error, name: str, user: str) -> SourceError:
    text = " ".join(str(error).split())[:500]
    if isinstance(error, errors.InsufficientPrivilege):
        return RequestRejected(
            f"the account {user!r} may not read {name}: {text}. Ask the owner for: {write_grant(name, user, '"')} "
            "and USAGE on its schema."
        )
    if isinstance(error, MISSING):
        return RequestRejected(
            f"PostgreSQL has no table {name} that the account {user!r} can see: {text}. Correct `relation`."
        )
    # ALTER TABLE between the catalogue and the query; the next attempt reads the catalogue again.
    if isinstance(error, errors.UndefinedColumn | errors.InvalidColumnReference):
        return SourceUnavailable(f"the columns of {name} changed while it was read: {text}")
    if isinstance(error, CANCELLED):
        return RangeCancelled(
            f"PostgreSQL stopped a query of {name}: {text}. Is there an index on the key, and on the window's field?"
        )
    if is_unreadable(error):
        return ValueUnreadable(f"PostgreSQL cannot write a value of {name}: {text}")
    # Before OperationalError, of which this is a subclass.
    if isinstance(error, errors.LockNotAvailable):
        return SourceUnavailable(f"{name} is locked by another session, for example by ALTER TABLE: {text}")
    if isinstance(error, psycopg.OperationalError | psycopg.InterfaceError):
        return SourceUnavailable(f"the connection to PostgreSQL was lost while {name} was read: {text}")
    return RequestRejected(f"PostgreSQL rejected a query of {name}: {text}")


def translate_connect(error: psycopg.Error, name: str, place: str) -> SourceError:
    """`place`: the address without the password."""
    text = " ".join(str(error).split())[:500]
    if any(part in text for part in PASSWORD_TEXTS):
        return KeyRejected(
            f"PostgreSQL at {place} rejected the password for {name}. Add a correct version of the secret."
        )
    # Permanent: retrying for minutes would only delay the message.
    if any(part in text for part in REJECTED_TEXTS) or isinstance(error, psycopg.ProgrammingError):
        return RequestRejected(f"cannot connect to PostgreSQL at {place} for {name}: {text}. Correct `url`.")
    return SourceUnavailable(
        f"could not reach PostgreSQL at {place} for {name}: {text}. Check the address, and the network between."
    )
