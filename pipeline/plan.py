"""The steps of each schedule, their order, and which failure blocks which step.

A failed connector blocks nothing: what was loaded is complete, every table is merged by its key, and the next
run fetches what is missing. So products that could not be copied do not keep today's sales from the analysts;
the run still ends with an error. A failed Dataform step blocks sheets_sync: rows that an assertion has just
rejected are not published.
"""

from collections.abc import Mapping

from runtime.errors import UsageError

# Steps of one group run in parallel.
Plan = tuple[tuple[str, ...], ...]
Plans = Mapping[str, Plan]

SCHEDULES = ("hourly", "daily")
TRANSFORM, PUBLISH, VERDICT, REPORT = "dataform", "sheets_sync", "verdict", "report"
# After the last step, whether it succeeded or not: both show this run, so the run is recorded before.
CLOSING = {"hourly": (VERDICT,), "daily": (VERDICT, REPORT)}
COPY_PREFIX = "connector:"


def build_plans(endpoints: Mapping[str, str]) -> Plans:
    """The plan of each schedule. `endpoints` are the declared schedules by `<source>/<endpoint>`.

    A daily run copies the hourly endpoints beside the daily ones. The window of the sales ends when their copy starts,
    and the lists are read from then on: so a sale finds its new product.
    """
    # The daily run includes the hourly endpoints, so it leaves no hour out when the two overlap.
    copied = {"hourly": ("hourly",), "daily": SCHEDULES}
    groups = {
        schedule: tuple(f"{COPY_PREFIX}{name}" for name in sorted(endpoints) if endpoints[name] in declared)
        for schedule, declared in copied.items()
    }
    # Each in a group of its own: they read what the step before has written.
    rest: Plan = ((TRANSFORM,), (PUBLISH,))
    # A group without steps would need a pool without threads.
    return {schedule: (*filter(None, [copies]), *rest) for schedule, copies in groups.items()}


def endpoint_of(step: str) -> str:
    """`<source>/<endpoint>` of a step `connector:<source>/<endpoint>`."""
    return step.removeprefix(COPY_PREFIX)


def copy_arguments(step: str) -> list[str]:
    """The connector's arguments for a step `connector:<source>/<endpoint>`."""
    source, _, endpoint = endpoint_of(step).partition("/")
    return ["--source", source, "--endpoint", endpoint]


def list_steps(plan: Plan) -> list[str]:
    return [step for group in plan for step in group]


def plan_from_step(plans: Plans, schedule: str, first_step: str | None) -> Plan:
    """The schedule's plan without the steps before `first_step`; UsageError if it has no such step."""
    plan = plans[schedule]
    if first_step is None:
        return plan
    steps = list_steps(plan)
    if first_step not in steps:
        raise UsageError(f"invalid --from {first_step!r}: the steps of {schedule} are {', '.join(steps)}")
    # Parallel steps of the same group that come before it are left out too, as they have succeeded.
    remaining = set(steps[steps.index(first_step) :])
    groups = (tuple(step for step in group if step in remaining) for group in plan)
    return tuple(group for group in groups if group)


def blocked_by(failed: set[str], step: str) -> str | None:
    """The failed step that prevents `step` from running; None if it may run."""
    return TRANSFORM if step == PUBLISH and TRANSFORM in failed else None


def resume_command(plan: Plan, schedule: str, failed: set[str]) -> str:
    """The command that resumes at the first failed step."""
    # Steps after it run again; they are idempotent and cost little when nothing is new.
    first = next(step for step in list_steps(plan) if step in failed)
    return f"python -m pipeline {schedule} --from {first}"
