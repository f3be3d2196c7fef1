"""Calls counted, quotas kept, faults played."""

import time
from collections import Counter, deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from sandbox.sheets.errors import Broken, Exhausted

# https://developers.google.com/sheets/api/limits: reads and writes a minute, for a user of a project and for
# all users of it together.
QUOTA = {"read": 60, "write": 60}
PROJECT = 5  # times as much
KEPT = 10_000  # calls remembered
ANSWERS = {"429", "500", "503", "reset"}


@dataclass
class Fault:
    """A fault of the next `times` calls of a kind (`values.get`, `read`, `write`, `any`), after `skip` calls.

    `answer`: 429, 500, 503, or reset (the connection ends inside the answer). `applied`: the call is
    carried out first, so that only the answer is lost.
    """

    kind: str
    answer: str
    applied: bool = False
    skip: int = 0
    times: int = 1
    retry_after: int | None = None

    def concerns(self, kind: str, cost: str) -> bool:
        return self.kind in ("any", kind, cost)

    def error(self) -> Exception:
        if self.answer == "429":
            return exhausted("read", self.retry_after)
        return Reset() if self.answer == "reset" else Broken(int(self.answer), "The service is unavailable.")


class Reset(Exception):  # noqa: N818 (an event, not an error of ours)
    """The connection is closed in the middle of the response."""


def exhausted(cost: str, retry_after: int | None = None, scope: str = " per user") -> Exhausted:
    name = cost.capitalize()
    return Exhausted(
        f"Quota exceeded for quota metric '{name} requests' and limit '{name} requests per minute{scope}' "
        "of service 'sheets.googleapis.com'",
        retry_after,
    )


@dataclass
class Traffic:
    """`clock` returns seconds; a quota is reset at the beginning of each minute."""

    clock: Callable[[], float] = time.time
    quota: dict[str, int | None] = field(default_factory=lambda: dict(QUOTA))
    faults: list[Fault] = field(default_factory=list)
    calls: deque[dict[str, Any]] = field(default_factory=lambda: deque(maxlen=KEPT))
    spent: Counter[tuple[str, str, int]] = field(default_factory=Counter)

    def admit(self, kind: str, cost: str, caller: str) -> Fault | None:
        """The fault of this call, if any. Exhausted if the quota of this minute is used up."""
        limit = self.quota.get(cost)
        now = int(self.clock() // 60)
        user, project = (caller, cost, now), ("", cost, now)
        if limit is not None and self.spent[user] >= limit:
            raise exhausted(cost)
        if limit is not None and self.spent[project] >= limit * PROJECT:
            raise exhausted(cost, scope="")
        self.spent.update((user, project))
        return self.fault(kind, cost)

    def fault(self, kind: str, cost: str) -> Fault | None:
        for fault in self.faults:
            if not fault.concerns(kind, cost):
                continue
            if fault.skip:
                fault.skip -= 1
                continue
            fault.times -= 1
            self.faults = [item for item in self.faults if item.times > 0]
            return fault
        return None

    def counted(self) -> dict[str, Any]:
        costs = Counter(call["cost"] for call in self.calls)
        return {"reads": costs["read"], "writes": costs["write"], "calls": list(self.calls)}
