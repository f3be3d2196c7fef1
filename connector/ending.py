"""in/ ─▶ processing/ ─▶ raw ─▶ archive/ or failed/, and the logs.

Each step looks at what is there, so it may be cut off anywhere and begun again: a file that has moved is not
moved again, a job that has run is not run again, a row that is logged is not logged again."""

from connector.batch import Batch
from connector.drift import ABSENT, Seen, Shape, change, paths
from connector.errors import Unfinished
from connector.kit import Kit
from connector.landing import File
from connector.lease import Lease
from connector.loading import load, portions
from connector.logs import DriftRow, FileRow, RunRow, Status
from connector.names import Stage, moment
from connector.state import State


def end(kit: Kit, lease: Lease, state: State) -> None:
    """Load what the run has brought; Unfinished if something of it is not in raw."""
    kit.landing.move(files_of(kit, state, "failed" if state.kind == "replay" else "in"), "processing")
    rows = into_raw(kit, lease, state)
    lease.check()
    kit.landing.move(files_of(kit, state, "processing"), "archive")
    archived, failed = files_of(kit, state, "archive"), files_of(kit, state, "failed")
    row = run_row(kit, state, rows, archived, failed)
    if archived or failed:
        kit.warehouse.log_files(file_rows(kit, state, archived, failed), state.run)
    tell_drift(kit, state, archived + failed)
    kit.warehouse.log_run(row, "end")
    lease.forget()
    severity = "WARNING" if row.notes else "INFO"
    kit.report(
        "has ended", severity, run=state.id, status=row.status, files=row.files, rows=rows, notes=row.notes
    )
    if row.error:
        raise Unfinished(row.error)


def files_of(kit: Kit, state: State, *stages: Stage) -> list[File]:
    if state.kind == "replay":
        return kit.landing.named(state.files, *stages)
    return kit.landing.of_run(state.run, *stages)


def into_raw(kit: Kit, lease: Lease, state: State) -> int:
    files = files_of(kit, state, "processing", "archive")
    kit.report("loads", run=state.id, files=len(files), bytes=sum(file.bytes for file in files))
    rows = 0
    place = {name: number for number, name in enumerate(state.files, 1)}
    for portion in portions(files, place):
        lease.check()
        batch = Batch(state.id, kit.name, kit.endpoint.table, tuple(kit.columns), tuple(portion))
        rows += load(kit.warehouse, batch, kit.landing.fail)
    return rows


def run_row(kit: Kit, state: State, rows: int, archived: list[File], failed: list[File]) -> RunRow:
    status: Status = "incomplete" if state.missing else "partial" if failed else "success"
    return RunRow(
        run_id=state.id,
        endpoint=kit.name,
        started_at=moment(state.began).isoformat(),
        finished_at=moment(kit.now()).isoformat(),
        status=status,
        window_from=state.span.start,
        window_until=state.span.until,
        pages=state.pages,
        files=len(archived),
        rows_loaded=rows,
        bytes=sum(file.bytes for file in archived),
        error=error(kit, state, failed),
        notes=notes(state, archived + failed, set(paths(kit.columns))),
    )


def error(kit: Kit, state: State, failed: list[File]) -> str | None:
    sentences = []
    if state.missing:
        sentences.append(
            f"{state.missing}. What came is in raw; the next run asks for the same window again."
        )
    if failed:
        many = f"{len(failed)} files lie in {kit.name}/failed/, first {failed[0].name}: {failed[0].reason}"
        way_out = f"When the cause is healed: python -m connector replay --endpoint {kit.name}"
        sentences.append(f"{many} {way_out}")
    return f"run {state.id} is not complete: {' '.join(sentences)}" if sentences else None


def notes(state: State, files: list[File], columns: set[str]) -> str | None:
    """Fields of the source that have no column, and whatever else a run that went well wants known."""
    drift = sorted(set().union(*(file.drift for file in files)) - columns)
    without = [f"fields without a column in raw, kept in the files: {', '.join(drift)}"] if drift else []
    return "; ".join([*state.notes, *without]) or None


def tell_drift(kit: Kit, state: State, files: list[File]) -> None:
    """What no item was like before, each once: from then on it is a part of the shape. Files of a replay were
    compared when they came."""
    changes: dict[Seen, str] = {}
    for file in files if state.kind == "copy" else []:
        for seen in sorted(file.changes):
            changes.setdefault(seen, file.name)
    if not changes:
        return
    shape = kit.landing.shape() or Shape()
    rows = [drift_row(kit, state, shape, seen, changes[seen]) for seen in sorted(changes)]
    for row in rows:
        kit.report("finds drift", "WARNING", run=state.id, field=row.field, change=row.change, now=row.now)
    kit.warehouse.log_drift(rows, state.run)
    kit.landing.keep_shape(shape.with_these(changes))


def drift_row(kit: Kit, state: State, shape: Shape, seen: Seen, file: str) -> DriftRow:
    return DriftRow(
        run_id=state.id,
        endpoint=kit.name,
        field=seen[0],
        change=change(seen, shape),
        was=", ".join(kind for kind in shape.fields.get(seen[0], []) if kind != ABSENT) or None,
        now=seen[1],
        file_name=file,
        logged_at=moment(kit.now()).isoformat(),
    )


def file_rows(kit: Kit, state: State, archived: list[File], failed: list[File]) -> list[FileRow]:
    now = moment(kit.now()).isoformat()
    return [
        FileRow(state.id, kit.name, file.name, "archived", file.rows, file.bytes, now) for file in archived
    ] + [
        FileRow(state.id, kit.name, file.name, "failed", file.rows, file.bytes, now, file.reason)
        for file in failed
    ]
