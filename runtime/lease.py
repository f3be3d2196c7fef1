"""Lease: at most one run at a time, without comparing clocks of two machines.

The lease is an object in the bucket whose generation its owner renews. Another process that finds it
decides whether the owner is alive: Cloud Run is queried for the owner's execution where one is recorded;
otherwise the object is watched, and a generation that does not change for longer than the renewal period
belongs to a dead owner. The lease is taken over by a write over the generation that was read, which only one
process can do. The object also stores the run's state, so the next owner can resume the run.
"""

import threading
import time
import uuid
from collections.abc import Callable
from contextlib import suppress
from typing import Any, Protocol, Self

import msgspec

from runtime.errors import LeaseHeld, LeaseLost, StorageError

RENEW_SECONDS = 10.0
PIPELINE = "pipeline/lease.json"  # in the landing bucket: of the process that writes the warehouse
MISSED_RENEWALS = 3.0  # an owner that misses so many renewals counts as dead
NO_STATE = b"null"
CHECKS_PER_RENEWAL = 4  # how often a watched lease is read


class Store(Protocol):
    """runtime.object_store.ObjectStore."""

    def url_of(self, name: str) -> str: ...
    def replace(self, name: str, content: bytes, generation: int) -> int | None: ...
    def generation(self, name: str) -> int: ...
    def read(self, name: str, generation: int) -> bytes | None: ...
    def delete(self, name: str, generation: int | None = None) -> None: ...


class LeaseDocument(msgspec.Struct, kw_only=True):
    """Content of the lease object. An empty `owner` and `execution`: released, the next process may resume.

    holder: shown to people. execution: `projects/…/executions/…` of Cloud Run, or "". beat: makes the content
    of each renewal unique, so that an owner recognises its own write after a lost response.
    """

    owner: str = ""
    holder: str = ""
    execution: str = ""
    renew_seconds: float = RENEW_SECONDS
    beat: int = 0
    state: msgspec.Raw = msgspec.Raw(NO_STATE)


def read_lease[State](
    store: Store, name: str, state_type: type[State]
) -> tuple[LeaseDocument, State | None] | None:
    """A lease as it is now, with its state, without taking it; None if it is absent. StorageError for other content."""
    while generation := store.generation(name):
        content = store.read(name, generation)
        if content is not None:  # None: renewed between the two requests
            document = decode(store.url_of(name), content, LeaseDocument)
            return document, decode(store.url_of(name), document.state, state_type | None)
    return None


def decode(url: str, content: bytes, kind: Any) -> Any:
    try:
        return msgspec.json.decode(content, type=kind)
    except msgspec.MsgspecError as error:
        raise StorageError(
            f"{url} is not a lease: {error}. Read it, and delete it if no run is active."
        ) from error


def unknown_execution(execution: str) -> bool | None:
    """The default `has_ended`: it cannot be known, so the lease is watched."""
    return None


class Lease[State]:
    """Held from `acquire` to `release`, or inside `with`.

    `has_ended(execution)`: whether a Cloud Run execution has ended; None if that cannot be known.
    """

    def __init__(
        self,
        store: Store,
        name: str,
        state_type: type[State],
        *,
        holder: str = "",
        execution: str = "",
        has_ended: Callable[[str], bool | None] = unknown_execution,
        renew_seconds: float = RENEW_SECONDS,
        sleep: Callable[[float], object] = time.sleep,
    ) -> None:
        self.store, self.name = store, name
        self.state_type = state_type
        self.document = LeaseDocument(
            owner=uuid.uuid4().hex, holder=holder, execution=execution, renew_seconds=renew_seconds
        )
        self.has_ended = has_ended
        self.sleep = sleep
        self.generation = 0
        self.is_lost = False
        self.write_lock = threading.Lock()
        self.stop_renewing = threading.Event()
        self.renewer = threading.Thread(target=self._renew, name="lease", daemon=True)

    @property
    def url(self) -> str:
        return self.store.url_of(self.name)

    @property
    def owner(self) -> str:
        return self.document.owner

    @property
    def state(self) -> State | None:
        """The state that this owner saved, or that the previous owner left."""
        state: State | None = decode(self.url, self.document.state, self.state_type | None)
        return state

    def __enter__(self) -> Self:
        self.acquire()
        return self

    def __exit__(self, *exception: object) -> None:
        self.release()

    def acquire(self) -> None:
        """LeaseHeld if a living process holds it."""
        self.generation = self.store.generation(self.name)
        if self.generation:
            # What the dead owner had saved; without it its run would be lost.
            self.document.state = self._read_dead_owner().state
        try:
            self._write()
        except LeaseLost as error:
            raise self._held_by("another process, which was faster,") from error
        self.renewer.start()

    def release(self) -> None:
        """Delete the object if no state is left, else clear the owner: the next process can resume."""
        # The thread first: a renewal after the release would write the object again.
        self.stop_renewing.set()
        self.renewer.join()
        if self.is_lost:
            return
        # A lease object that stays behind only delays the next run; it must not fail a finished one.
        with suppress(StorageError, LeaseLost):
            if bytes(self.document.state) == NO_STATE:
                self.store.delete(self.name, self.generation)
            else:
                self.document.owner = self.document.execution = ""
                self._write()

    def save(self, state: State, holder: str = "") -> None:
        """Store `state` before doing what it describes: a process that resumes must find it."""
        # The renewer writes the same document and generation.
        with self.write_lock:
            self.check()
            self.document.state = msgspec.Raw(msgspec.json.encode(state))
            self.document.holder = holder or self.document.holder
            self._write()

    def clear_state(self) -> None:
        """The run is finished: `release` will delete the object."""
        with self.write_lock:
            self.document.state = msgspec.Raw(NO_STATE)

    def check(self) -> None:
        """LeaseLost as soon as another process has taken the lease over."""
        if self.is_lost:
            raise LeaseLost(f"{self.url} was taken over by another process, which resumes the run.")

    def _read_dead_owner(self) -> LeaseDocument:
        """The lease that exists, once its owner is known to be dead or to have released it."""
        content = self.store.read(self.name, self.generation)
        if content is None:
            raise self._held_by("another process, which has just started,")
        other: LeaseDocument = decode(self.url, content, LeaseDocument)
        if not self._is_dead(other):
            raise self._held_by(
                f"{other.holder or other.owner} {f'({other.execution})' if other.execution else ''}"
            )
        return other

    def _is_dead(self, other: LeaseDocument) -> bool:
        if not (other.owner or other.execution):
            return True
        if other.execution and other.execution == self.document.execution:
            return True  # an earlier attempt of this same task, which Cloud Run has ended
        ended = self.has_ended(other.execution) if other.execution else None
        return self._stands_still(other.renew_seconds) if ended is None else ended

    def _stands_still(self, renew_seconds: float) -> bool:
        for _ in range(int(MISSED_RENEWALS * CHECKS_PER_RENEWAL)):
            self.sleep(renew_seconds / CHECKS_PER_RENEWAL)
            # Only the generation: reading the content would not show more, and clocks are not compared.
            if self.store.generation(self.name) != self.generation:
                return False
        return True

    def _held_by(self, holder: str) -> LeaseHeld:
        return LeaseHeld(f"{holder.strip()} holds the lease {self.url}. Nothing was done; retry later.")

    def _write(self) -> None:
        self.document.beat += 1
        content = msgspec.json.encode(self.document)
        generation = self.store.replace(self.name, content, self.generation)
        if generation is None:
            # Our own write all the same, if its response was lost and the client retried it.
            generation = self.store.generation(self.name)
            if not generation or self.store.read(self.name, generation) != content:
                self.is_lost = True
                self.check()
        self.generation = generation

    def _renew(self) -> None:
        while not self.stop_renewing.wait(self.document.renew_seconds):
            try:
                with self.write_lock:
                    self._write()
            except LeaseLost:
                return
            except StorageError:
                continue  # the next renewal may succeed; if it is too late, it finds the lease taken over
