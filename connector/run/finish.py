"""Finish: in/ → processing/ → raw → archive/ or failed/, then the logs.

Every step is idempotent, so a run may be killed anywhere and repeated: a file that was moved is not moved again,
a job that was submitted is not submitted again, a row that was logged is not logged again.
"""

from connector.errors import IncompleteRun
from connector.extract.schema_drift import column_paths
from connector.landing.files import LandedFile
from connector.landing.names import Stage, to_datetime
from connector.landing.page_metadata import ABSENT, FieldType, ObservedSchema, describe_change
from connector.load.batch import Batch
from connector.load.loader import load_batch, split_into_jobs
from connector.load.run_log import DriftRow, FileRow, RunRow, Status
from connector.run.context import RunContext
from connector.run.state import RunState
from runtime.lease import Lease


def finish(context: RunContext, lease: Lease[RunState], state: RunState) -> None:
    """Load the files of the run; IncompleteRun if any of its rows is not in raw."""
    context.landing.move(files_of(context, state, "failed" if state.kind == "replay" else "in"), "processing")
    rows = load_files(context, lease, state)
    lease.check()
    context.landing.move(files_of(context, state, "processing"), "archive")
    archived, failed = files_of(context, state, "archive"), files_of(context, state, "failed")
    row = create_run_row(context, state, rows, archived, failed)
    if archived or failed:
        context.warehouse.log_files(create_file_rows(context, state, archived, failed), state.run)
    log_drift(context, state, archived + failed)
    context.warehouse.log_run(row, "end")
    lease.clear_state()
    severity = "WARNING" if row.notes else "INFO"
    facts = {"status": row.status, "files": row.files, "rows": rows, "notes": row.notes}
    context.log("run finished", severity, run=state.id, **facts)
    if row.error:
        raise IncompleteRun(row.error)


def files_of(context: RunContext, state: RunState, *stages: Stage) -> list[LandedFile]:
    if state.kind == "replay":
        return context.landing.find(state.files, *stages)
    return context.landing.files_of_run(state.run, *stages)


def load_files(context: RunContext, lease: Lease[RunState], state: RunState) -> int:
    """The number of rows in raw."""
    files = files_of(context, state, "processing", "archive")
    context.log("loading", run=state.id, files=len(files), bytes=sum(file.bytes for file in files))
    rows = 0
    positions = {name: number for number, name in enumerate(state.files, 1)}
    for part in split_into_jobs(files, positions):
        lease.check()
        batch = Batch(state.id, context.name, context.endpoint.table, tuple(context.columns), tuple(part))
        rows += load_batch(context.warehouse, batch, context.landing.fail)
    return rows


def create_run_row(
    context: RunContext, state: RunState, rows: int, archived: list[LandedFile], failed: list[LandedFile]
) -> RunRow:
    status: Status = "incomplete" if state.missing else "partial" if failed else "success"
    return RunRow(
        run_id=state.id,
        endpoint=context.name,
        started_at=to_datetime(state.began).isoformat(),
        finished_at=to_datetime(context.now()).isoformat(),
        status=status,
        window_from=state.span.start,
        window_until=state.span.until,
        pages=state.pages,
        files=len(archived),
        rows_loaded=rows,
        bytes=sum(file.bytes for file in archived),
        error=describe_missing(context, state, failed),
        notes=describe_notes(state, archived + failed, set(column_paths(context.columns))),
    )


def describe_missing(context: RunContext, state: RunState, failed: list[LandedFile]) -> str | None:
    sentences = []
    if state.missing:
        sentences.append(
            f"{state.missing}. The received rows are in raw; the next run requests the window again."
        )
    if failed:
        first = failed[0]
        sentences.append(
            f"{len(failed)} files are in {context.name}/failed/, first {first.name}: {first.reason} "
            f"After fixing the cause, run: python -m connector replay --endpoint {context.name}"
        )
    return f"run {state.id} is incomplete: {' '.join(sentences)}" if sentences else None


def describe_notes(state: RunState, files: list[LandedFile], columns: set[str]) -> str | None:
    """Fields of the source without a column, and the notes of a run that succeeded."""
    unmapped = sorted(set().union(*(file.drift for file in files)) - columns)
    drift = [f"fields without a column in raw, kept in the files: {', '.join(unmapped)}"] if unmapped else []
    return "; ".join([*state.notes, *drift]) or None


def log_drift(context: RunContext, state: RunState, files: list[LandedFile]) -> None:
    """Report each new type of a field once, then add it to the observed schema.

    The files of a replay were compared when they were written.
    """
    changes: dict[FieldType, str] = {}
    for file in files if state.kind == "copy" else []:
        for field_type in sorted(file.changes):
            changes.setdefault(field_type, file.name)
    if not changes:
        return
    schema = context.landing.read_schema() or ObservedSchema()
    rows = [
        create_drift_row(context, state, schema, field_type, changes[field_type])
        for field_type in sorted(changes)
    ]
    for row in rows:
        facts = {"field": row.field, "change": row.change, "now": row.now}
        context.log("schema drift", "WARNING", run=state.id, **facts)
    context.warehouse.log_drift(rows, state.run)
    context.landing.write_schema(schema.extend(changes))


def create_drift_row(
    context: RunContext, state: RunState, schema: ObservedSchema, field_type: FieldType, file: str
) -> DriftRow:
    path, observed = field_type
    previous = [name for name in schema.fields.get(path, []) if name != ABSENT]
    return DriftRow(
        run_id=state.id,
        endpoint=context.name,
        field=path,
        change=describe_change(field_type, schema),
        was=", ".join(previous) or None,
        now=observed,
        file_name=file,
        logged_at=to_datetime(context.now()).isoformat(),
    )


def create_file_rows(
    context: RunContext, state: RunState, archived: list[LandedFile], failed: list[LandedFile]
) -> list[FileRow]:
    now = to_datetime(context.now()).isoformat()
    return [
        FileRow(state.id, context.name, file.name, "archived", file.rows, file.bytes, now)
        for file in archived
    ] + [
        FileRow(state.id, context.name, file.name, "failed", file.rows, file.bytes, now, file.reason)
        for file in failed
    ]
