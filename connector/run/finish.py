"""Finish: in/ → processing/ → raw → archive/ or failed/, then the logs.

Every step is idempotent, so a run may be killed anywhere and repeated: a file that was moved is not moved again,
a job that was submitted is not submitted again, a row that was logged is not logged again.
"""

from dataclasses import replace as replace_row

from msgspec.structs import replace

from connector.errors import IncompleteRun
from connector.landing.landed_file import LandedFile
from connector.landing.names import Stage
from connector.load.batch import Batch
from connector.load.loader import KeyCounts, LoadResult, load_batch, split_into_jobs
from connector.run.context import RunContext
from connector.run.finish_log import create_file_rows, create_run_row, log_drift
from connector.run.shares import delete_shares
from connector.run.state import RunState
from connector.sources.planned import PlannedReader
from runtime.lease import Lease


def finish(context: RunContext, lease: Lease[RunState], state: RunState) -> int:
    """Load the files of the run; the number of signs that rows moved. IncompleteRun if any is not in raw."""
    # A replay of archived files loads them where they are: they are not moved back.
    context.landing.move(files_of(context, state, "failed" if state.kind == "replay" else "in"), "processing")
    result = load_files(context, lease, state)
    # A process that was taken over must not move files that its successor is loading.
    lease.check()
    context.landing.move(files_of(context, state, "processing"), "archive")
    archived, failed = files_of(context, state, "archive"), files_of(context, state, "failed")
    # From listings made after the moves: what is compared is what the bucket has now.
    lost = describe_lost(state, result, archived, failed) or describe_repeated(state, result.keys.repeated)
    # Computed before anything is logged: the severity and the error below come from the same row.
    row = create_run_row(context, state, result, archived, failed, lost)
    if archived or failed:
        context.warehouse.log_files(
            create_file_rows(context, state, archived, failed), state.run, state.only_pages
        )
    log_drift(context, state, archived + failed)
    context.warehouse.log_run(row, f"end of pages {state.only_pages}" if state.only_pages else "end")
    reader = context.reader
    if isinstance(reader, PlannedReader) and state.plan and not lost:
        # Not after a loss: files marked as read would never be read again.
        reader.on_loaded(state.plan, state.gaps, state.unreadable, state.rejecting)
    if state.plan:
        delete_shares(context)
    # Last: until here a killed process is resumed and repeats the steps above.
    save_next_state(context, lease, state, row.error, lost)
    severity = "WARNING" if row.notes else "INFO"
    facts = {"status": row.status, "files": row.files, "rows": result.rows, "notes": row.notes}
    context.log("run finished", severity, run=state.id, **facts)
    if row.error:
        raise IncompleteRun(row.error)
    # Sources that continue at the time of the last row send it again (Zendesk's exports): no sign of a move.
    return max(0, result.keys.repeated - state.overlapping) + state.moved


def save_next_state(
    context: RunContext, lease: Lease[RunState], state: RunState, error: str | None, lost: str | None
) -> None:
    """What the next process finds in run.json: a retry of this command, or the next run."""
    if error and state.kind == "replay" and context.execution:
        lease.save(create_retry_marker(context, state, error))
        return
    reader = context.reader
    leave_gaps(lease, state, not isinstance(reader, PlannedReader) or reader.keeps_gaps, lost)


def leave_gaps(lease: Lease[RunState], state: RunState, keeps_gaps: bool, lost: str | None) -> None:
    """What could not be read becomes the state of the next run, which requests it first."""
    if state.gaps and keeps_gaps and not lost:
        lease.save(create_gap_state(state))
        return
    # An incomplete run proves nothing about the range of earlier gaps, even if it is inside its own.
    pending = state.pending if state.missing or lost else state.unread_gaps()
    if pending:
        lease.save(pending)
    else:
        lease.clear_state()


def create_retry_marker(context: RunContext, state: RunState, error: str) -> RunState:
    """What run.json stores after an incomplete replay.

    A retry by Cloud Run starts the same command: without a trace of the first attempt it would find nothing left
    to load and succeed, although rows are missing.
    """
    return replace(state, phase="incomplete", missing=error, execution=context.execution)


def files_of(context: RunContext, state: RunState, *stages: Stage) -> list[LandedFile]:
    if state.kind == "replay":
        return context.landing.find(state.files, *stages)
    files = context.landing.files_of_run(state.run, *stages)
    if state.only_pages:  # the other pages of this run are in raw already
        return [file for file in files if file.page and file.page.page in state.only_pages]
    return files


def load_files(context: RunContext, lease: Lease[RunState], state: RunState) -> LoadResult:
    files = [mark_strange(file, state) for file in files_of(context, state, "processing", "archive")]
    context.log("loading", run=state.id, files=len(files), bytes=sum(file.bytes for file in files))
    results = []
    # A replay has files of many runs, whose page numbers repeat.
    positions = {name: number for number, name in enumerate(state.files, 1)}
    for part in split_into_jobs(files, positions):
        lease.check()
        columns, key = tuple(context.columns), tuple(context.endpoint.key)
        batch = Batch(
            state.id, context.name, context.endpoint.table, columns, tuple(part), key, context.landing.root
        )
        results.append(load_batch(context.warehouse, batch, context.landing))
    keys = KeyCounts(
        sum(result.keys.repeated for result in results), sum(result.keys.missing for result in results)
    )
    return LoadResult(
        sum(result.rows for result in results), sum(result.expected for result in results), keys
    )


def mark_strange(file: LandedFile, state: RunState) -> LandedFile:
    """Every file of a copy has metadata: an object without them was uploaded over it."""
    return file if file.page or state.kind == "replay" else replace_row(file, is_altered=True)


def describe_lost(
    state: RunState, result: LoadResult, archived: list[LandedFile], failed: list[LandedFile]
) -> str | None:
    """A sentence if the counts of received, landed and loaded rows differ; None if they are equal."""
    if state.kind == "replay" and len(archived) + len(failed) != len(state.files):
        absent = sorted(set(state.files) - {file.name for file in archived + failed})
        return f"{len(absent)} of {len(state.files)} files were deleted during the replay, first {absent[0]}"
    # Rejected rows were taken out of their files, but they did arrive.
    landed = sum(file.rows + file.rejected_rows for file in archived + failed)
    if state.kind == "copy" and state.rows is not None and landed != state.rows:
        return (
            f"{state.rows} rows were received, but the files have {landed}: objects were deleted or replaced"
        )
    # After the load began: `load_batch` has moved away those that were changed before.
    if altered := [file.name for file in archived if file.is_altered]:
        return f"{', '.join(altered[:3])} was changed while it was loaded: its rows in raw may be others"
    expected = sum(file.rows for file in archived)
    if result.rows != expected:
        return f"the loaded files have {expected} rows, but {result.rows} were inserted into raw"
    return None


def describe_repeated(state: RunState, repeated: int) -> str | None:
    """A sentence if more rows than announced came, but fewer different ones: pages overlap, and rows between them were
    never sent. With as many rows as announced the key may simply not be unique."""
    if state.announced is None or state.rows is None or not repeated:
        return None
    different = state.rows - repeated
    if not different < state.announced < state.rows:
        return None
    return (
        f"the source announced {state.announced} items and sent {state.rows} rows, but only {different} different "
        "keys: its pages overlap, check `paging`"
    )


def create_gap_state(state: RunState) -> RunState:
    """The next process continues this run with the pages that could not be read, and with them only."""
    return replace(
        state,
        phase="fetch",
        only_pages=state.gaps,
        gaps=(),
        unreadable=(),
        rejecting=(),
        pages=0,
        rows=None,
        notes=(),
        missing=None,
        pending=state.unread_gaps(),
    )
