"""What a finished run writes to ops: its row in run_log, its files, and the drift of its fields."""

from dataclasses import replace as replace_row
from typing import Literal

from connector.extract.schema_drift import column_paths
from connector.landing.landed_file import LandedFile
from connector.landing.names import to_datetime
from connector.landing.page_metadata import ABSENT, FieldType, ObservedSchema, describe_change
from connector.load.loader import KeyCounts, LoadResult
from connector.load.run_log import DriftRow, FileRow, RunRow, Status
from connector.run.context import RunContext, start_run_row
from connector.run.state import RunState
from connector.sources.window import window_of


def create_run_row(
    context: RunContext,
    state: RunState,
    result: LoadResult,
    archived: list[LandedFile],
    failed: list[LandedFile],
    lost: str | None,
) -> RunRow:
    # Gaps of a fixed range are remembered in run.json, and files in failed/: the next window may start later.
    # A list that is copied as a whole is incomplete until its last page is there.
    is_remembered = not state.missing or (bool(state.gaps) and window_of(context.endpoint) is not None)
    status: Status = (
        "incomplete" if lost or not is_remembered else "partial" if failed or state.gaps else "success"
    )
    return replace_row(
        start_run_row(context, state, status),
        files=len(archived),
        rows_loaded=result.rows,
        bytes=sum(file.bytes for file in archived),
        error=describe_missing(context, state, failed, lost),
        notes=describe_notes(state, archived + failed, set(column_paths(context.columns)), result.keys),
    )


def describe_missing(
    context: RunContext, state: RunState, failed: list[LandedFile], lost: str | None
) -> str | None:
    remedy = "Run the replay again" if state.kind == "replay" else "The next run requests the window again"
    sentences = [f"{lost}. {remedy}."] if lost else []
    if state.missing and state.gaps:
        sentences.append(
            f"{state.missing}. The other pages are in raw; the next run requests only these pages."
        )
    elif state.missing:
        remedy = "correct it at the source" if state.unreadable else "the next run requests the window again"
        sentences.append(f"{state.missing.rstrip('.')}. The received rows are in raw; {remedy}.")
    if failed:
        first = failed[0]
        sentences.append(
            f"{len(failed)} files are in {context.label}/failed/, first {first.name}: {first.reason} "
            f"After fixing the cause, run: {replay_command(context)}"
        )
    return f"run {state.id} is incomplete: {' '.join(sentences)}" if sentences else None


def replay_command(context: RunContext) -> str:
    source = f" --source {context.source}" if context.source else ""
    return f"python -m connector replay{source} --endpoint {context.name}"


def describe_notes(
    state: RunState, files: list[LandedFile], columns: set[str], keys: KeyCounts
) -> str | None:
    """Fields of the source without a column, and the notes of a run that succeeded."""
    # Every run repeats the note: with only the first one in ops.drift a missing column is forgotten.
    unmapped = sorted(set().union(*(file.drift for file in files)) - columns)
    drift = [f"fields without a column in raw, kept in the files: {', '.join(unmapped)}"] if unmapped else []
    rejected = sum(file.rejected_rows for file in files)
    counts = {
        "rows repeat the key of another row of this run": keys.repeated,
        "rows have no key": keys.missing,
        "rows were rejected by BigQuery and are in rejects/": rejected,
    }
    counted = [f"{count} {text}" for text, count in counts.items() if count]
    return "; ".join([*state.notes, *counted, *drift]) or None


def log_drift(context: RunContext, state: RunState, files: list[LandedFile]) -> None:
    """Report each new type of a field once, then add it to the observed schema.

    The files of a replay were compared when they were written.
    """
    changes: dict[FieldType, str] = {}
    for file in files if state.kind == "copy" else []:
        for field_type in sorted(file.changes):
            # The first file is enough to find an example.
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
    context.warehouse.log_drift(rows, state.run, state.only_pages)
    # After the log: a run that is killed between them logs the change once more, under the same job id.
    context.landing.write_schema(schema.extend(changes))


def create_drift_row(
    context: RunContext, state: RunState, schema: ObservedSchema, field_type: FieldType, file: str
) -> DriftRow:
    path, observed = field_type
    # Only types: that a field may be absent is a kind of change of its own.
    previous = [name for name in schema.fields.get(path, []) if name != ABSENT]
    return DriftRow(
        run_id=state.id,
        source=context.source_or_none,
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

    def create_row(file: LandedFile, stage: Literal["archived", "failed"]) -> FileRow:
        return FileRow(
            run_id=state.id,
            source=context.source_or_none,
            endpoint=context.name,
            file_name=file.name,
            state=stage,
            rows=file.rows,
            bytes=file.bytes,
            logged_at=now,
            reason=file.reason,
        )

    return [create_row(file, "archived") for file in archived] + [
        create_row(file, "failed") for file in failed
    ]
