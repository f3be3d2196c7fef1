"""One run of an endpoint at a time, without comparing clocks.

The lease is an object whose generation its owner renews. Whoever finds one watches it: if the generation
stands still for longer than the owner would let it, the owner is dead, and its lease, with what it knew, is
taken over."""

import threading
import time
import uuid
from collections.abc import Callable
from typing import Protocol

import msgspec

from connector.errors import BucketError, LeaseHeld, LeaseLost
from connector.state import State

RENEW_SECONDS = 10.0
PATIENCE = 3.0  # renewals that must be missing before an owner counts as dead
LOOKS = 4  # per renewal, while watching


class Bucket(Protocol):
    name: str

    def replace(self, name: str, content: bytes, generation: int) -> int | None: ...
    def generation(self, name: str) -> int: ...
    def read(self, name: str, generation: int) -> bytes | None: ...
    def delete(self, name: str, generation: int | None = None) -> None: ...


class Document(msgspec.Struct, kw_only=True):
    """run.json. Without an owner it was put down in order, and whoever comes may go on at once."""

    owner: str = ""
    renew_seconds: float = RENEW_SECONDS
    beat: int = 0
    state: State | None = None


class Lease:
    """Held from `acquire` to `release`. `state` is what the run must know after a crash."""

    def __init__(self, bucket: Bucket, name: str, renew_seconds: float = RENEW_SECONDS) -> None:
        self.bucket = bucket
        self.name = name
        self.document = Document(owner=uuid.uuid4().hex, renew_seconds=renew_seconds)
        self.generation = 0
        self.lost = False
        self.writing = threading.Lock()
        self.done = threading.Event()
        self.renewing = threading.Thread(target=self.renew, name="lease", daemon=True)

    @property
    def where(self) -> str:
        return f"gs://{self.bucket.name}/{self.name}"

    @property
    def owner(self) -> str:
        return self.document.owner

    @property
    def state(self) -> State | None:
        return self.document.state

    def acquire(self, sleep: Callable[[float], None] = time.sleep) -> None:
        """LeaseHeld if another process has it and lives."""
        self.generation = self.bucket.generation(self.name)
        if self.generation:
            self.document.state = self.found(sleep).state
        try:
            self.write()
        except LeaseLost as error:
            raise self.held("a process that was faster") from error
        self.renewing.start()

    def found(self, sleep: Callable[[float], None]) -> Document:
        """The lease that is there, once it is certain that nobody holds it."""
        content = self.bucket.read(self.name, self.generation)
        if content is None:
            raise self.held("a process that has just begun")
        other = decode(content, self.where)
        looks = int(PATIENCE * LOOKS) if other.owner else 0
        for _ in range(looks):
            sleep(other.renew_seconds / LOOKS)
            if self.bucket.generation(self.name) != self.generation:
                raise self.held(other.state.id if other.state else other.owner)
        return other

    def held(self, by: str) -> LeaseHeld:
        return LeaseHeld(f"{by} is going: it renews {self.where}. Nothing was done; try again later.")

    def write(self) -> None:
        self.document.beat += 1
        content = msgspec.json.encode(self.document)
        generation = self.bucket.replace(self.name, content, self.generation)
        if generation is None:
            # Ours all the same, if an answer was lost and the client sent it again.
            generation = self.bucket.generation(self.name)
            if not generation or self.bucket.read(self.name, generation) != content:
                self.lost = True
                self.check()
                return
        self.generation = generation

    def save(self, state: State) -> None:
        """Keep `state` before doing what it speaks of."""
        with self.writing:
            self.check()
            self.document.state = state
            self.write()

    def forget(self) -> None:
        """The run is over: `release` will remove the object."""
        with self.writing:
            self.document.state = None

    def check(self) -> None:
        """LeaseLost as soon as another process has taken the run over."""
        if self.lost:
            raise LeaseLost(f"{self.where} was taken by another process, which goes on with the run.")

    def renew(self) -> None:
        while not self.done.wait(self.document.renew_seconds):
            try:
                with self.writing:
                    self.write()
            except LeaseLost:
                return
            except BucketError:
                continue  # the next one may come through; if it is too late, it finds the lease taken

    def release(self) -> None:
        """Put it down: removed if the run is over, else left for the next process to go on from at once."""
        self.done.set()
        self.renewing.join()
        if self.lost:
            return
        if self.state is None:
            self.bucket.delete(self.name, self.generation)
            return
        self.document.owner = ""
        self.write()


def decode(content: bytes, where: str) -> Document:
    try:
        return msgspec.json.decode(content, type=Document)
    except msgspec.MsgspecError as error:
        way_out = "Look at it, and delete it if no run of the endpoint is going"
        raise BucketError(f"{where} is not what a run writes: {error}. {way_out}.") from error
