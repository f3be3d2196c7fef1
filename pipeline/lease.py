"""One run at a time, without comparing clocks.

The lease is an object that names who holds it. A holder that is a Cloud Run execution is asked for: Cloud
Run knows whether it has ended, which takes no waiting. Any other holder is watched: it renews the object, so
a generation that stands still for longer than a renewal takes is a dead holder's. Either way the lease is
taken over by writing on the generation that was seen, which only one can.
"""

import json
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Protocol

from pipeline.bucket import Content
from pipeline.errors import BucketError, LeaseHeld, LeaseLost

RENEW_SECONDS = 5.0
PATIENCE = 2.5  # renewals that must be missing before a holder counts as dead
LOOKS = 4  # per renewal, while watching


class Object(Protocol):
    """pipeline.bucket.Object."""

    address: str

    def read(self) -> Content | None: ...
    def write(self, text: str, generation: int) -> int | None: ...
    def delete(self, generation: int) -> None: ...


@dataclass(frozen=True)
class Holder:
    """run: what a person reads, as `daily 2026-11-21T03:05:00Z`. execution: projects/…/executions/…, or "".

    token: tells two runs apart that are called alike.
    """

    run: str
    token: str
    execution: str = ""


class Lease:
    """Held inside `with`. `ended(execution)`: whether it has; None when that cannot be known."""

    def __init__(
        self,
        kept: Object,
        holder: Holder,
        ended: Callable[[str], bool | None],
        sleep: Callable[[float], object],
        renew_seconds: float = RENEW_SECONDS,
    ) -> None:
        self._kept, self._holder = kept, holder
        self._ended, self._sleep = ended, sleep
        self._renew_seconds = renew_seconds
        self._beat = 0
        self._generation = 0
        self._lost = False
        self._done = threading.Event()
        self._renewing = threading.Thread(target=self._renew, name="lease", daemon=True)

    def __enter__(self) -> "Lease":
        """LeaseHeld when another run has it and lives."""
        found = self._kept.read()
        if found is not None:
            self._outlive(found)
        self._generation = found.generation if found else 0
        if not self._write():
            raise LeaseHeld(f"another run was faster to take {self._kept.address}. Nothing was done.")
        self._renewing.start()
        return self

    def __exit__(self, *raised: object) -> None:
        self._done.set()
        self._renewing.join()
        if not self._lost:
            # One that stays behind is outlived: what the run did is not undone by it.
            with suppress(BucketError):
                self._kept.delete(self._generation)

    def check(self) -> None:
        """LeaseLost as soon as another run has taken it."""
        if self._lost:
            raise LeaseLost(f"{self._kept.address} was taken over by another run, which goes on from here.")

    def _outlive(self, found: Content) -> None:
        other = self._read(found)
        if other.execution and other.execution == self._holder.execution:
            return  # an earlier attempt of this very task; Cloud Run has ended it
        ended = self._ended(other.execution) if other.execution else None
        if ended is False or (ended is None and self._moves(found.generation)):
            raise LeaseHeld(
                f"{other.run} is going ({other.execution or 'no Cloud Run execution'}) and holds "
                f"{self._kept.address}. Nothing was done."
            )

    def _moves(self, generation: int) -> bool:
        for _ in range(int(PATIENCE * LOOKS)):
            self._sleep(self._renew_seconds / LOOKS)
            now = self._kept.read()
            if now is None or now.generation != generation:
                return True
        return False

    def _read(self, found: Content) -> Holder:
        try:
            document = json.loads(found.text)
            return Holder(document["run"], document["token"], document["execution"])
        except (ValueError, KeyError, TypeError) as error:
            raise BucketError(
                f"{self._kept.address} is not what a run writes. Look at it, and delete it if none is going."
            ) from error

    def _write(self) -> bool:
        self._beat += 1
        text = json.dumps(vars(self._holder) | {"beat": self._beat})
        generation = self._kept.write(text, self._generation)
        if generation is None:
            # Ours all the same, if the answer was lost and the client sent it again.
            now = self._kept.read()
            if now is None or now.text != text:
                return False
            generation = now.generation
        self._generation = generation
        return True

    def _renew(self) -> None:
        while not self._done.wait(self._renew_seconds):
            try:
                self._lost = not self._write()
            except BucketError:
                continue  # the next one may come through; if it is too late, it finds the lease taken
            if self._lost:
                return
