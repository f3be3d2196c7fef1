"""The story of a run: copy an endpoint, or load again what failed. Each first ends a run that died."""

from collections.abc import Iterator
from contextlib import contextmanager

from connector import window
from connector.copying import land
from connector.ending import end
from connector.errors import (
    ChainBroken,
    ConnectorError,
    LeaseLost,
    LoadError,
    SourceError,
    Unfinished,
)
from connector.kit import Kit
from connector.landing import File
from connector.lease import Lease
from connector.logs import RunRow
from connector.names import moment
from connector.replaying import Wanted, chosen
from connector.state import State
from connector.window import Covered, Span


def copy(kit: Kit, asked: Span) -> None:
    """Copy what is `asked` for into raw. A run that died is ended first, and is enough if it was the same."""
    with kit.leased() as lease:
        left = lease.state
        if left:
            go_on(kit, lease, left)
        if not left or (left.kind, left.asked) != ("copy", asked):
            go(kit, lease, begin(kit, asked))


def replay(kit: Kit, wanted: Wanted) -> None:
    """Load files again. They keep their names, so that ods can tell a row from its twin."""
    with kit.leased() as lease:
        left = lease.state
        if left:
            go_on(kit, lease, left)
            if (left.kind, left.wanted) == ("replay", wanted):
                return
        if found := chosen(kit.landing, wanted):
            go(kit, lease, again(kit, wanted, found))
        else:
            kit.report(f"nothing lies in {kit.name}/{f'archive/{wanted.day}/' if wanted.day else 'failed/'}")


def begin(kit: Kit, asked: Span) -> State:
    sweep(kit)
    covered = kit.warehouse.covered(kit.name)
    run = kit.new_run(covered)
    span = window.begin(asked, kit.endpoint.window, covered)
    return State(id=run.id, endpoint=kit.name, began=run.began, asked=asked, span=span, covered=covered.until)


def again(kit: Kit, wanted: Wanted, found: list[File]) -> State:
    run = kit.new_run(Covered())
    return State(
        id=run.id,
        endpoint=kit.name,
        began=run.began,
        kind="replay",
        phase="load",
        wanted=wanted,
        files=tuple(file.name for file in found),
    )


def go_on(kit: Kit, lease: Lease, left: State) -> None:
    kit.report("goes on with a run that did not end", run=left.id, phase=left.phase)
    go(kit, lease, left)


def go(kit: Kit, lease: Lease, state: State) -> None:
    lease.save(state)
    with told(kit, lease, state):
        if state.phase == "fetch":
            state = land(kit, lease, state)
            lease.save(state)
        end(kit, lease, state)


@contextmanager
def told(kit: Kit, lease: Lease, state: State) -> Iterator[None]:
    """A run that stops says so in ops.run_log. It is kept for the next process to go on with, unless the
    source refused its very first page, or forgot the way to the next one: then there is nothing to go on
    with."""
    try:
        yield
    except (Unfinished, LeaseLost):
        raise  # the first is told already, the second by the process that goes on
    except ConnectorError as error:
        log_failure(kit, lease.state or state, str(error), lease.owner)
        empty = isinstance(error, SourceError) and not kit.landing.of_run(state.run, "in")
        if empty or isinstance(error, ChainBroken):
            lease.forget()
        else:
            way_out = f"the next run goes on with it; to give it up, delete {lease.where}"
            kit.report("is kept", "WARNING", run=state.id, way_out=way_out)
        raise


def log_failure(kit: Kit, state: State, error: str, attempt: str) -> None:
    row = RunRow(
        run_id=state.id,
        endpoint=kit.name,
        started_at=moment(state.began).isoformat(),
        finished_at=moment(kit.now()).isoformat(),
        status="failed",
        window_from=state.span.start,
        window_until=state.span.until,
        pages=state.pages,
        error=error,
    )
    try:
        kit.warehouse.log_run(row, attempt)
    except LoadError as second:
        kit.report("could not be logged", "WARNING", run=state.id, error=str(second))


def sweep(kit: Kit) -> None:
    """Files of other runs, none of which is going: what a run wrote after it was taken over, and what was
    left of one that somebody gave up by deleting run.json. The former are archived already; the latter can be
    replayed."""
    files = kit.landing.unfinished()
    archived = {file.name for file in kit.landing.named([file.name for file in files], "archive")}
    for file in files:
        kit.report("finds a file of another run", "WARNING", file=file.name, archived=file.name in archived)
        if file.name in archived:
            kit.landing.move([file], "archive")
        else:
            kit.landing.fail(file, "its run was given up before it was loaded")
