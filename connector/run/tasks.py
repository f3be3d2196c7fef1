"""One copy by all tasks of an execution of Cloud Run: one of them owns the run, the others read parts of its plan.

The owner is the task that took the lease on the endpoint. It makes the plan, reads parts as the others do, loads and
finishes. The others read the plan from run.json. If the owner is killed, another task takes the lease over and
continues. Every task stays until the copy has ended, which is recorded in the bucket: a task that is started late, or
restarted after the end, finds the record and does not copy the table again.
"""

from collections.abc import Callable

import msgspec

from connector.errors import IncompleteRun
from connector.run.context import RunContext
from connector.run.shares import RunEnded, read_shares
from connector.run.state import RunState
from connector.sources.planned import PlannedReader
from runtime.errors import JobError, LeaseHeld, LeaseLost, UsageError
from runtime.lease import Lease, read_lease


class Ended(msgspec.Struct, frozen=True):
    """How the copy of an execution ended. `attempt`: that of the task which owned it; `error`: "" if it succeeded."""

    execution: str
    attempt: int
    error: str = ""


def copy_as_task(context: RunContext, copy: Callable[[Lease[RunState]], None]) -> None:
    """`copy` is called with the lease by one task. LeaseHeld if another execution holds it."""
    if not isinstance(context.reader, PlannedReader):
        raise UsageError(
            f"{context.label} is read page by page, so {context.task.count} tasks cannot share it: start one task."
        )
    while not has_ended(context):
        read_for_owner(context, context.reader)
        lease = context.create_lease()
        try:
            # Waits for a sign of life of the owner, so this loop sends few requests.
            lease.acquire()
        except LeaseHeld:
            check_owner(context)
            continue
        try:
            own_copy(context, lease, copy)
        finally:
            lease.release()


def own_copy(context: RunContext, lease: Lease[RunState], copy: Callable[[Lease[RunState]], None]) -> None:
    """Under the lease: what ended while this task waited for it is not done again."""
    if has_ended(context):
        return
    try:
        copy(lease)
    except LeaseLost:
        raise  # the task that took it over records the end
    except JobError as error:
        record_end(context, lease, str(error))
        raise
    record_end(context, lease)


def has_ended(context: RunContext) -> bool:
    """IncompleteRun if the copy failed, and this task was not restarted since."""
    stored = context.landing.store.read_current(end_name(context))
    ended = msgspec.json.decode(stored.content, type=Ended) if stored else None
    if ended is None or ended.execution != context.task.execution:
        return False
    if not ended.error:
        return True
    # A restarted task may try again what failed, as a single task does.
    if ended.attempt >= context.task.attempt:
        raise IncompleteRun(f"another task of {ended.execution} failed: {ended.error}")
    return False


def record_end(context: RunContext, lease: Lease[RunState], error: str = "") -> None:
    lease.check()
    store, name = context.landing.store, end_name(context)
    ended = Ended(context.task.execution, context.task.attempt, error)
    store.replace(name, msgspec.json.encode(ended), store.generation(name))


def end_name(context: RunContext) -> str:
    return f"{context.label}/tasks.json"


def read_for_owner(context: RunContext, reader: PlannedReader) -> None:
    """Read shares of the run of another task of this execution, if it has a plan."""
    state = read_state(context)
    if state is None or not is_readable(context, state):
        return

    def check_run() -> None:
        current = read_state(context)
        if current is None or (current.id, current.phase, current.only_pages) != (
            state.id,
            state.phase,
            state.only_pages,
        ):
            raise RunEnded(f"run {state.id} is not read any more")

    try:
        read_shares(context, reader, state, check_run)
    except RunEnded as ended:
        context.log(str(ended))


def is_readable(context: RunContext, state: RunState) -> bool:
    return state.phase == "fetch" and state.plan is not None and state.fingerprint == context.fingerprint


def read_state(context: RunContext) -> RunState | None:
    """The state of the run that another task of this execution owns now, or owned until it was killed."""
    stored = read_lease(context.store, context.state_name, RunState)
    if stored is None or not context.task.is_of_execution(stored[0].execution):
        return None
    return stored[1]


def check_owner(context: RunContext) -> None:
    """LeaseHeld if the owner is not a task of this execution."""
    stored = read_lease(context.store, context.state_name, RunState)
    # Without an owner it was just released, and the next attempt takes it.
    if stored and stored[0].owner and not context.task.is_of_execution(stored[0].execution):
        url = context.store.url_of(context.state_name)
        raise LeaseHeld(f"{stored[0].holder} holds the lease {url}. Nothing was done; retry later.")
