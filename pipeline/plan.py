"""Which steps a run has, in which order, and what a failure stops.

A connector that failed stops nothing: what was loaded is whole, every table is merged by its key, and the
next run fetches what is missing. So products that could not be read do not keep today's sales from the
analysts; the run still ends with an error. Dataform that failed stops sheets_sync: nobody publishes rows
that an assertion has just refused.
"""

from pipeline.errors import UsageError

# Steps of one group run side by side.
Plan = tuple[tuple[str, ...], ...]

TRANSFORM, PUBLISH = "dataform", "sheets_sync"
ENDPOINTS = ("customers", "products", "sales")
CUSTOMERS, PRODUCTS, SALES = (f"connector:{endpoint}" for endpoint in ENDPOINTS)
DAILY: Plan = ((CUSTOMERS, PRODUCTS), (SALES,), (TRANSFORM,), (PUBLISH,))
PLANS: dict[str, Plan] = {"hourly": DAILY[1:], "daily": DAILY}


def steps(plan: Plan) -> list[str]:
    return [step for group in plan for step in group]


def from_step(schedule: str, start: str | None) -> Plan:
    """The schedule's plan without the steps before `start`."""
    plan = PLANS[schedule]
    if start is None:
        return plan
    order = steps(plan)
    if start not in order:
        raise UsageError(f"{start!r} is no step of {schedule}: {', '.join(order)}")
    wanted = set(order[order.index(start) :])
    groups = (tuple(step for step in group if step in wanted) for group in plan)
    return tuple(group for group in groups if group)


def stopped_by(failed: set[str], step: str) -> str | None:
    """The failed step on whose account `step` must not run."""
    return TRANSFORM if step == PUBLISH and TRANSFORM in failed else None


def way_on(schedule: str, failed: set[str]) -> str:
    """The command that goes on where the first failure was."""
    first = next(step for step in steps(PLANS[schedule]) if step in failed)
    return f"python -m pipeline {schedule} --from {first}"
