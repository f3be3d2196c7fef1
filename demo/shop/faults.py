"""Fault injection in the retail API. The outcome of a request depends only on the seed and its number."""

from collections import Counter
from dataclasses import asdict, dataclass, field, fields
from math import isfinite
from random import Random
from typing import Any

from demo.shop.errors import RequestRejected

SHARES = ("status_503", "status_429", "not_json", "drop_items_list", "reset")


@dataclass(frozen=True)
class FaultPlan:
    """Shares of all requests (0 to 1, in total at most 1); `retry_after` in seconds, for 429."""

    status_503: float = 0.0
    status_429: float = 0.0
    not_json: float = 0.0  # 200 with an HTML page, as a proxy sends it
    drop_items_list: float = 0.0  # 200 with a page that lacks its list
    reset: float = 0.0  # the connection ends in the middle of the response
    retry_after: int = 1
    latency_ms: float = 0.0
    no_keys: float = 0.0  # other than 0: requests for a new key get a 503
    dead_keys: float = 0.0  # other than 0: new keys are rejected by the API
    seed: int = 0

    def outcome(self, number: int) -> str:
        """The outcome of request `number`: one of SHARES, or `served`."""
        # Random hashes a text seed with SHA-512: the same in every process, and unrelated for successive numbers.
        draw = Random(f"{self.seed}/{number}").random()
        for name in SHARES:
            draw -= getattr(self, name)
            if draw < 0:
                return name
        return "served"


@dataclass
class Faults:
    """The current plan, the number of requests since it was set, and how many had each outcome."""

    plan: FaultPlan = field(default_factory=FaultPlan)
    requests: int = 0
    outcomes: Counter[str] = field(default_factory=Counter)

    def next_outcome(self) -> str:
        self.requests += 1
        return self.plan.outcome(self.requests)

    def as_json(self) -> dict[str, Any]:
        return {"faults": asdict(self.plan), "requests": self.requests, "answered": dict(self.outcomes)}


def parse_plan(body: dict[str, Any]) -> FaultPlan:
    names = {part.name for part in fields(FaultPlan)}
    if unknown := sorted(body.keys() - names):
        raise RequestRejected(400, f"unknown faults {unknown}; known are {sorted(names)}")
    # isfinite: Python's JSON parser accepts Infinity and NaN.
    if wrong := {name: v for name, v in body.items() if not isinstance(v, int | float) or not isfinite(v)}:
        raise RequestRejected(400, f"faults are numbers, not {wrong}")
    plan = FaultPlan(**body)
    shares = [getattr(plan, name) for name in SHARES]
    if min(shares) < 0 or sum(shares) > 1:
        raise RequestRejected(
            400, f"shares of faults are between 0 and 1 and add up to at most 1, not {shares}"
        )
    return plan
