"""Divide the parts of a plan among the tasks of one execution of Cloud Run.

Share n of N has every N-th part. A task reads its own share first, then those of tasks that were killed. Each share has
a lease of its own, so only one task reads it, and the outcome of a share that was read is stored in that object. Which
parts are there is decided by the listing of the bucket: a share that is taken over continues where the killed task was.
"""

from collections.abc import Callable

from connector.errors import ConnectorError
from connector.run.context import RunContext
from connector.run.parts import PartsOutcome, list_rows, planned_numbers, read_parts
from connector.run.state import RunState
from connector.sources.planned import PlannedReader
from runtime.errors import LeaseHeld, LeaseLost
from runtime.lease import Lease, read_lease


class RunEnded(ConnectorError):
    """The run whose parts this task was reading is not being read any more."""


def read_shares(
    context: RunContext, reader: PlannedReader, state: RunState, check_run: Callable[[], None]
) -> list[PartsOutcome]:
    """The outcome of every share, once all are read. `check_run` raises when the run has ended."""
    outcomes: dict[int, PartsOutcome] = {}
    index, count = context.task.index, context.task.count
    while len(outcomes) < count:
        # From its own share on, so that tasks that wait do not all try the same one.
        for share in [(index + step) % count for step in range(count)]:
            if share not in outcomes and (outcome := read_share(context, reader, state, share, check_run)):
                outcomes[share] = outcome
    return list(outcomes.values())


def read_share(
    context: RunContext, reader: PlannedReader, state: RunState, share: int, check_run: Callable[[], None]
) -> PartsOutcome | None:
    """None while another task reads it. A share whose lease is not renewed belongs to a task that was killed."""
    name = share_name(context, state, share)
    stored = read_lease(context.store, name, PartsOutcome)
    if stored and stored[1] is not None:
        return stored[1]
    lease = create_share_lease(context, name, share)
    try:
        with lease:
            # After the lease exists: the end of a run deletes it, or is seen here.
            check_run()
            return lease.state or read_missing(context, reader, state, share, lease)
    except LeaseHeld:
        return None
    except LeaseLost:
        # This task was paused for so long that another one took the share over.
        if not lease.is_lost:
            raise
        return None


def read_missing(
    context: RunContext, reader: PlannedReader, state: RunState, share: int, lease: Lease[PartsOutcome]
) -> PartsOutcome:
    there = list_rows(context, state)
    numbers = [
        number
        for number in planned_numbers(state)
        if number % context.task.count == share and number not in there
    ]
    context.log("reads a share of the parts", run=state.id, share=share, parts=len(numbers))
    outcome = read_parts(context, reader, state, numbers, lease.check)
    lease.save(outcome)
    return outcome


def create_share_lease(context: RunContext, name: str, share: int) -> Lease[PartsOutcome]:
    return Lease(
        context.store,
        name,
        PartsOutcome,
        holder=f"share {share} of a run of {context.label}",
        # A restarted task takes its share back at once.
        execution=context.task.owner,
        renew_seconds=context.renew_seconds,
        sleep=context.sleep,
    )


def share_name(context: RunContext, state: RunState, share: int) -> str:
    """With the number of tasks: a run that is resumed by more or fewer of them has other shares."""
    return f"{folder(context)}{state.id}-{share}-of-{context.task.count}.json"


def folder(context: RunContext) -> str:
    return f"{context.label}/tasks/"


def delete_shares(context: RunContext) -> None:
    """At the end of a run, so that a task which is late finds its run ended instead of a share to read."""
    for item in list(context.landing.store.list(folder(context))):
        context.landing.store.delete(item.name)
