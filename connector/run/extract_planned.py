"""Extract for kinds that plan their parts: every part of the plan becomes one object, in any order."""

from msgspec.structs import replace

from connector.errors import SourceUnavailable
from connector.run.compare_keys import plan_comparison
from connector.run.context import RunContext
from connector.run.parts import PartsOutcome, list_rows, merge, planned_numbers, read_parts
from connector.run.shares import read_shares
from connector.run.state import RunState
from connector.sources.comparison import ComparingReader
from connector.sources.planned import PlannedReader
from runtime.lease import Lease

NOT_READ = "no task has read it, and it is not in the bucket"


def extract_planned(
    context: RunContext, reader: PlannedReader, lease: Lease[RunState], state: RunState
) -> RunState:
    """The state with phase `load`, once every part that can be read is in the bucket."""
    state = plan_once(context, reader, lease, state)
    numbers, there = planned_numbers(state), list_rows(context, state)
    context.log("fetching starts", run=state.id, parts=len(numbers), parts_there=len(there))
    shared = PartsOutcome()
    if context.task.count > 1:
        shared = merge(read_shares(context, reader, state, lease.check))
        there = list_rows(context, state)
    rest = [number for number in numbers if number not in there and number not in shared.numbers]
    outcome = merge([shared, read_parts(context, reader, state, rest, lease.check)])
    # Written by a task that was taken over, after the listing above: its object has the rows.
    if set(rest) - outcome.numbers:
        there = list_rows(context, state)
    return complete_state(state, there, outcome)


def complete_state(state: RunState, there: dict[int, int], outcome: PartsOutcome) -> RunState:
    """SourceUnavailable if nothing at all was read. Every planned part is counted: read, failed or unreadable."""
    numbers = planned_numbers(state)
    rows = there | outcome.rows
    failures = {number: text for number, text in outcome.failures.items() if number not in rows}
    for number in set(numbers) - rows.keys() - failures.keys() - outcome.unreadable.keys():
        failures[number] = NOT_READ
    # An outage, not a part that is bad.
    if failures and not rows and not outcome.unreadable and not state.only_pages:
        raise SourceUnavailable(next(iter(failures.values())))
    parts = len(state.plan.parts) if state.plan else 0
    texts = sorted((failures | outcome.unreadable).items())
    missing = [f"part {number} of {parts}: {text}" for number, text in texts[:3]]
    return replace(
        state,
        phase="load",
        pages=len(rows),
        rows=sum(rows.values()),
        notes=(*(state.plan.notes if state.plan else ()), *outcome.notes),
        missing="; ".join(missing) or None,
        # Unreadable parts are not gaps: they stay unreadable until the source changes them.
        gaps=tuple(sorted(failures)),
        unreadable=tuple(sorted(outcome.unreadable)),
        rejecting=tuple(sorted(outcome.rejecting)),
    )


def plan_once(
    context: RunContext, reader: PlannedReader, lease: Lease[RunState], state: RunState
) -> RunState:
    """The plan is saved before the first part is read: a resumed run must read the same parts."""
    if state.plan is not None:
        return state
    if state.comparison and isinstance(reader, ComparingReader):
        return plan_comparison(context, reader, lease, state)
    plan = reader.make_plan(state.span)
    # The end that the reader froze becomes the watermark of this run.
    span = replace(state.span, until=plan.until) if plan.until is not None else state.span
    state = replace(state, plan=plan, span=span)
    lease.save(state)
    return state
