"""A run: copy an endpoint, or load files again. A run that was interrupted is resumed first.

copy          resume → start_copy → execute
replay_files  resume → start_replay → execute
execute       extract (source to in/) → finish (in/ to raw, archive/, failed/, and the logs)
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import msgspec

from connector.errors import ConnectorError, CursorExpired, IncompleteRun, SourceError
from connector.landing.landed_file import LandedFile
from connector.run.compare_keys import finish_comparison, is_due, start_comparison
from connector.run.context import RunContext, start_run_row
from connector.run.extract import extract
from connector.run.finish import finish
from connector.run.replay import Selection, select_files
from connector.run.state import RunState
from connector.run.tasks import copy_as_task
from connector.sources.planned import PlannedReader
from connector.sources.window import IdRange, Watermark, first_range, window_of
from runtime.errors import JobError, LeaseLost
from runtime.lease import Lease


def copy(context: RunContext, requested: IdRange) -> None:
    """Copy the requested range into raw. Resuming an interrupted run of the same range is enough."""
    if context.task.count > 1:
        copy_as_task(context, lambda lease: copy_under_lease(context, lease, requested))
        return
    with context.create_lease() as lease:
        copy_under_lease(context, lease, requested)


def copy_under_lease(context: RunContext, lease: Lease[RunState], requested: IdRange) -> None:
    # First, because its pages are numbered under the old range: a new run cannot include them.
    interrupted = resume(context, lease)
    is_same = interrupted and (interrupted.kind, interrupted.requested) == ("copy", requested)
    # A comparison or a few pages are not what was requested now.
    is_part = interrupted and (
        interrupted.comparison or interrupted.only_pages and window_of(context.endpoint)
    )
    if interrupted and is_same and not is_part:
        return
    duplicates = execute(context, lease, widen_to_gaps(start_copy(context, requested), lease.state))
    if duplicates and not isinstance(context.reader, PlannedReader):
        # A row that changed while pages were read moves to another page: its neighbour may have been skipped.
        context.log("a second pass follows, because rows moved meanwhile", "WARNING", signs=duplicates)
        second = msgspec.structs.replace(start_copy(context, requested), is_second=True)
        execute(context, lease, widen_to_gaps(second, lease.state))
    # After the window, so that it only finds what the windows cannot see.
    if is_due(context, requested):
        execute(context, lease, keep_gaps(start_comparison(context), lease.state))


def keep_gaps(state: RunState, gaps: RunState | None) -> RunState:
    """`gaps` still could not be read. They wait in the state of the new run: the watermark is after them already, and
    no later run would request them. A list without a range is requested as a whole anyway."""
    is_kept = gaps is not None and gaps.span.start is not None
    return msgspec.structs.replace(state, pending=gaps if is_kept else None)


def widen_to_gaps(state: RunState, gaps: RunState | None) -> RunState:
    """The new run requests the range of `gaps` too, unless it has days, whose ids are not known yet."""
    state = keep_gaps(state, gaps)
    if gaps is None or gaps.span.start is None or state.span.start is None or state.span.until_date:
        return state
    ends = (state.span.until, gaps.span.until)
    until = None if state.span.until is None else max(end for end in ends if end is not None)
    span = msgspec.structs.replace(state.span, start=min(state.span.start, gaps.span.start), until=until)
    return msgspec.structs.replace(state, span=span)


def replay_files(context: RunContext, selection: Selection) -> None:
    """Load files again under their old names, so that ods can recognise the same row."""
    with context.create_lease() as lease:
        interrupted = resume(context, lease)
        if interrupted and (interrupted.kind, interrupted.selection) == ("replay", selection):
            return
        if files := select_files(context.landing, selection):
            execute(context, lease, keep_gaps(start_replay(context, selection, files), lease.state))
        else:
            folder = f"archive/{selection.day}/" if selection.day else "failed/"
            context.log(f"no files in {context.label}/{folder}; nothing was done")


def resume(context: RunContext, lease: Lease[RunState]) -> RunState | None:
    """Finish the run that the lease object describes, if there is one; its state at the start."""
    interrupted = lease.state
    if interrupted and interrupted.phase == "incomplete":
        interrupted = leave_incomplete(context, lease, interrupted)
    if not interrupted:
        return None
    # In the load phase the files are complete, so the declaration does not matter any more.
    if interrupted.phase == "fetch" and interrupted.fingerprint not in ("", context.fingerprint):
        give_up(context, lease, interrupted)
        return None
    context.log("resumes an interrupted run", run=interrupted.id, phase=interrupted.phase)
    try:
        execute(context, lease, interrupted)
    except IncompleteRun:
        # A whole run that is incomplete is reported; gaps that stay must not keep new rows out.
        if not interrupted.only_pages:
            raise
        context.log(
            "the gaps of an earlier run still cannot be read", "WARNING", pages=interrupted.only_pages
        )
    return interrupted


def leave_incomplete(context: RunContext, lease: Lease[RunState], replayed: RunState) -> RunState | None:
    """The gaps to request next, if there are some. IncompleteRun in a retry of the execution that replayed."""
    if replayed.execution == context.execution:
        raise IncompleteRun(
            f"{replayed.missing} This is a retry of the same execution, which changes nothing."
        )
    lease.clear_state()
    if replayed.pending:
        lease.save(replayed.pending)
    return replayed.pending


def give_up(context: RunContext, lease: Lease[RunState], interrupted: RunState) -> None:
    """Its pages cannot be continued: under the changed declaration the same number is another page."""
    context.log(
        "gives up an interrupted run: the declaration has changed since", "WARNING", run=interrupted.id
    )
    drop_state(lease, interrupted)
    reason = "the declaration of the endpoint changed before the run was finished"
    # Into failed/, not deleted: the source may not have these rows any more.
    for file in context.landing.files_of_run(interrupted.run, "in"):
        context.landing.fail(file, reason)


def start_copy(context: RunContext, requested: IdRange) -> RunState:
    # Only here, under a new lease and without a state: now every file in in/ belongs to a finished run.
    clean_up(context)
    watermark = context.warehouse.read_watermark(context.source, context.name)
    run = context.new_run(watermark)
    return RunState(
        id=run.id,
        endpoint=context.name,
        began=run.began,
        requested=requested,
        # Microseconds, as windows by time are stored.
        span=first_range(requested, window_of(context.endpoint), watermark, context.now() * 1000),
        covered=watermark.until,
        fingerprint=context.fingerprint,
    )


def start_replay(context: RunContext, selection: Selection, files: list[LandedFile]) -> RunState:
    for file in files:
        if file.stage == "failed":
            # A person may have removed lines; the counts compared at the end must be those of the file.
            context.landing.count_lines(file)
    # A replay has an id for its logs only: its files keep the names of their own runs.
    run = context.new_run(Watermark())
    return RunState(
        id=run.id,
        endpoint=context.name,
        began=run.began,
        kind="replay",
        phase="load",
        selection=selection,
        files=tuple(file.name for file in files),
    )


def execute(context: RunContext, lease: Lease[RunState], state: RunState) -> int:
    """The number of repeated keys.

    Every step is idempotent and the state is saved before each, so a kill at any point loses nothing.
    """
    # Saved before the first request, so that a killed process leaves something to resume.
    lease.save(state, holder=state.id)
    with log_failures(context, lease, state):
        if state.phase == "fetch":
            state = extract(context, lease, state)
            lease.save(state)
        duplicates = finish(context, lease, state)
        if state.comparison and not state.gaps:
            finish_comparison(context, state)
        return duplicates
    # For mypy, which assumes that a context manager may swallow an exception.
    raise AssertionError("unreachable")


@contextmanager
def log_failures(context: RunContext, lease: Lease[RunState], state: RunState) -> Iterator[None]:
    """Write a failed run to ops.run_log and keep its state, so the next process resumes it.

    The state is dropped when nothing can be resumed: the source rejected the first page, or its cursor expired.
    """
    try:
        yield
    except (IncompleteRun, LeaseLost):
        raise  # the first is logged already, the second will be by the process that took over
    except JobError as error:
        log_failed_run(context, lease.state or state, str(error), lease.owner)
        # A run without a page has nothing to resume; its state would only pin the old range.
        is_empty = isinstance(error, SourceError) and not context.landing.files_of_run(state.run, "in")
        if is_empty or isinstance(error, CursorExpired):
            drop_state(lease, state)
        else:
            remedy = f"the next run resumes it; to give it up, delete {lease.url}"
            context.log("the state of the failed run is kept", "WARNING", run=state.id, remedy=remedy)
        raise


def drop_state(lease: Lease[RunState], state: RunState) -> None:
    """Give up the run, but never the gaps of an earlier one: no watermark and no file shows them."""
    if state.only_pages:
        lease.save(state)
    elif state.pending:
        lease.save(state.pending)
    else:
        lease.clear_state()


def log_failed_run(context: RunContext, state: RunState, error: str, attempt: str) -> None:
    row = replace(start_run_row(context, state, "failed"), error=error)
    try:
        # One row per attempt: the id of the job contains the owner of the lease.
        context.warehouse.log_run(row, attempt)
    except ConnectorError as second:
        context.log("could not write to ops.run_log", "WARNING", run=state.id, error=str(second))


def clean_up(context: RunContext) -> None:
    """Move away files of other runs, none of which is active.

    A run that was taken over may have written one more file, which is archived already; a run that a person
    gave up by deleting run.json leaves files that can be replayed.
    """
    files = context.landing.unfinished_files()
    # One listing for all files, instead of a request for each.
    archived = {file.name for file in context.landing.find([file.name for file in files], "archive")}
    for file in files:
        is_archived = file.name in archived
        context.log("file of another run", "WARNING", file=file.name, archived=is_archived)
        if is_archived:
            context.landing.move([file], "archive")
        else:
            context.landing.fail(file, "its run was given up before it was loaded")
