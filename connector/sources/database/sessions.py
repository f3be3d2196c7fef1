"""At most so many connections to a database as a run may open; a failed one is not used again."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from queue import Empty, SimpleQueue
from threading import BoundedSemaphore

from connector.errors import SourceError
from connector.sources.database.database import Connect, Session


class Sessions:
    def __init__(self, connect: Connect, size: int) -> None:
        self.connect = connect
        self.free: SimpleQueue[Session] = SimpleQueue()
        self.permits = BoundedSemaphore(size)

    @contextmanager
    def begin(self) -> Iterator[Session]:
        """A session within a transaction, which ends with the block."""
        with self.permits:
            session = self._take()
            try:
                session.begin()
                yield session
                # Inside `try`: a session whose commit fails is closed, not used again.
                session.end()
            # Also on termination: an open transaction must not stay at the server.
            except BaseException:
                with suppress(SourceError):
                    session.close()
                raise
            self.free.put(session)

    def _take(self) -> Session:
        with suppress(Empty):
            return self.free.get_nowait()
        return self.connect()

    def close(self) -> None:
        with suppress(Empty):
            while True:
                self.free.get_nowait().close()
