"""Faults of the retail API, on order. Which request fails follows from the seed and the request's number."""

from collections import Counter
from dataclasses import asdict, dataclass, field, fields
from math import isfinite
from random import Random
from typing import Any

from demo.shop.errors import Refused

SHARES = ("status_503", "status_429", "not_json", "drop_items_list", "reset")


@dataclass(frozen=True)
class Plan:
    """Shares of all requests (0 to 1, together at most 1); `retry_after` in seconds, for 429."""

    status_503: float = 0.0
    status_429: float = 0.0
    not_json: float = 0.0  # 200 with a page of HTML, as a proxy sends it
    drop_items_list: float = 0.0  # 200 with a page that lacks its list
    reset: float = 0.0  # the connection ends in the middle of the answer
    retry_after: int = 1
    latency_ms: float = 0.0
    no_keys: float = 0.0  # other than 0: whoever asks for a new key gets a 503
    dead_keys: float = 0.0  # other than 0: a key that is issued opens nothing
    seed: int = 0

    def outcome(self, number: int) -> str:
        """What happens to request `number`: one of SHARES, or `served`."""
        draw = Random(f"{self.seed}/{number}").random()
        for name in SHARES:
            draw -= getattr(self, name)
            if draw < 0:
                return name
        return "served"


@dataclass
class Faults:
    """The plan in force, and what became of the requests since it is."""

    plan: Plan = field(default_factory=Plan)
    requests: int = 0
    answered: Counter[str] = field(default_factory=Counter)

    def next(self) -> str:
        self.requests += 1
        return self.plan.outcome(self.requests)

    def as_json(self) -> dict[str, Any]:
        return {"faults": asdict(self.plan), "requests": self.requests, "answered": dict(self.answered)}


def plan(body: dict[str, Any]) -> Plan:
    known = {part.name for part in fields(Plan)}
    if unknown := sorted(body.keys() - known):
        raise Refused(400, f"unknown faults {unknown}; known are {sorted(known)}")
    # isfinite: JSON as Python reads it knows Infinity and NaN.
    if wrong := {name: v for name, v in body.items() if not isinstance(v, int | float) or not isfinite(v)}:
        raise Refused(400, f"faults are numbers, not {wrong}")
    made = Plan(**body)
    shares = [getattr(made, name) for name in SHARES]
    if min(shares) < 0 or sum(shares) > 1:
        raise Refused(400, f"shares of faults lie between 0 and 1 and add up to at most 1, not {shares}")
    return made
