"""Extract for kinds that plan their parts: every part of the plan becomes one object, in any order."""

from msgspec.structs import replace

from connector.errors import InvalidResponse, RequestRejected, SourceError, SourceUnavailable
from connector.extract.ndjson import mark_absent_lines
from connector.extract.page_loop import create_pool
from connector.landing.page_metadata import DriftReport, PageResult
from connector.raw_schema import list_columns
from connector.run.compare_keys import GONE, mark_gone, plan_comparison
from connector.run.context import RunContext
from connector.run.state import RunState
from connector.sources.comparison import ComparingReader
from connector.sources.planned import PlannedReader, ReadPlan
from runtime.lease import Lease

MAX_NOTES = 10  # of parts; all rejects are in rejects/


class UnreadablePart(SourceError):
    """PartContent.unreadable."""


def extract_planned(
    context: RunContext, reader: PlannedReader, lease: Lease[RunState], state: RunState
) -> RunState:
    """The state with phase `load`, once every part that can be read is in the bucket."""
    state = plan_once(context, reader, lease, state)
    plan = state.plan or ReadPlan(())
    there = {
        file.page.page: file.page.rows for file in context.landing.files_of_run(state.run, "in") if file.page
    }
    numbers = [number for number in range(1, len(plan.parts) + 1) if number not in there]
    # The other parts of the plan are in raw already.
    numbers = [number for number in numbers if not state.only_pages or number in state.only_pages]
    context.log("fetching starts", run=state.id, parts=len(plan.parts), parts_there=len(there))
    results = read_parts(context, reader, lease, state, plan, numbers)
    unreadable = {number: result for number, result in results.items() if isinstance(result, UnreadablePart)}
    failures = {
        number: str(result)
        for number, result in results.items()
        if isinstance(result, SourceError) and number not in unreadable
    }
    rows = there | {
        number: result.rows for number, result in results.items() if isinstance(result, PageResult)
    }
    # Nothing at all was read: this is an outage, not a part that is bad.
    if failures and not rows and not unreadable and not state.only_pages:
        raise next(result for result in results.values() if isinstance(result, SourceError))
    texts = failures | {number: str(error) for number, error in unreadable.items()}
    missing = [f"part {number} of {len(plan.parts)}: {text}" for number, text in sorted(texts.items())[:3]]
    notes = [result.note for result in results.values() if isinstance(result, PageResult) and result.note]
    return replace(
        state,
        phase="load",
        pages=len(rows),
        rows=sum(rows.values()),
        notes=(*plan.notes, *notes[:MAX_NOTES]),
        missing="; ".join(missing) or None,
        # Unreadable parts are not gaps: they stay unreadable until the source changes them.
        gaps=tuple(sorted(failures)),
        unreadable=tuple(sorted(unreadable)),
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


def read_parts(
    context: RunContext,
    reader: PlannedReader,
    lease: Lease[RunState],
    state: RunState,
    plan: ReadPlan,
    numbers: list[int],
) -> dict[int, PageResult | SourceError]:
    """The result of each part. One failed part does not stop the others."""

    arrays = list_columns(context.columns)

    def read_and_write(number: int) -> PageResult | SourceError:
        # Before each part, because a part can take minutes.
        lease.check()
        file_name = state.run.file_name(number)
        try:
            position = plan.parts[number - 1]
            is_gone = state.comparison and position.startswith(GONE)
            part = (
                mark_gone(context, position, file_name) if is_gone else reader.read_part(position, file_name)
            )
        except (InvalidResponse, RequestRejected, SourceUnavailable) as error:
            return error
        result = PageResult(number, part.rows, mark=str(number), note=part.note)
        if part.rejects:
            # Before the page: after a kill between them the part is read again, and its rejects are not lost.
            context.landing.write_rejects(file_name, part.rejects, "source_")  # the loader may add its own
        if part.unreadable:
            return UnreadablePart(part.unreadable)
        if part.rows:
            drift = DriftReport(frozenset([*plan.unmapped, *part.unmapped]))
            lines = part.lines if is_gone else mark_absent_lines(part.lines, arrays)
            context.landing.write_page(state.run, result, lines, drift)
        return result

    # Not the pool's own `with` block: on SIGTERM it would wait for queries of minutes, and the lease stay held.
    with create_pool(reader.connections) as pool:
        return dict(zip(numbers, pool.map(read_and_write, numbers), strict=True))
