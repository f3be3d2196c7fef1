"""Errors of MongoDB, by what helps: a new password, a grant, an index, or the next run."""

from collections.abc import Iterator
from contextlib import contextmanager

from pymongo.errors import (
    AutoReconnect,
    ConfigurationError,
    CursorNotFound,
    InvalidURI,
    NetworkTimeout,
    OperationFailure,
    PyMongoError,
)

from connector.errors import KeyRejected, RequestRejected, SourceUnavailable
from connector.sources.mongodb.ranges import QUERY_TIMEOUT

# https://github.com/mongodb/mongo/blob/master/src/mongo/base/error_codes.yml
AUTHENTICATION_FAILED, UNAUTHORIZED, TIME_LIMIT_EXCEEDED = 18, 13, 50
TRANSIENT = (AutoReconnect, NetworkTimeout, CursorNotFound)


@contextmanager
def wrap_errors(collection: str, field: str) -> Iterator[None]:
    """An error of the driver becomes one of the connector. `field`: the one whose range is read."""
    where = f"collection {collection}"
    try:
        yield
    except OperationFailure as error:
        if error.code == AUTHENTICATION_FAILED:
            raise KeyRejected(
                f"MongoDB rejected the password for {where}. Add a correct version of the secret."
            ) from error
        if error.code == UNAUTHORIZED:
            raise RequestRejected(f"the account may not read {where}. Grant it the role `read`.") from error
        # The server stopped the query; it is read again, so not a rejection.
        if error.code == TIME_LIMIT_EXCEEDED:
            raise SourceUnavailable(
                f"a query of {where} took longer than {QUERY_TIMEOUT}. Is there an index on {field!r}?"
            ) from error
        # A subclass of OperationFailure, but transient.
        if isinstance(error, CursorNotFound):
            raise SourceUnavailable(f"the cursor of {where} was closed by the server: {error}") from error
        raise RequestRejected(f"MongoDB rejected a query of {where}: {error}") from error
    except (ConfigurationError, InvalidURI) as error:
        raise RequestRejected(f"cannot connect to {where}: {error}") from error
    except PyMongoError as error:
        raise SourceUnavailable(f"could not read {where}: {str(error)[:500]}") from error
