"""Read parts of a plan: every part becomes one object, in any order. One failed part does not stop the others."""

from collections.abc import Callable, Iterable

import msgspec

from connector.errors import InvalidResponse, RequestRejected, SourceUnavailable
from connector.extract.ndjson import mark_absent_lines
from connector.extract.workers import create_pool
from connector.landing.page_metadata import DriftReport, PageResult
from connector.raw_schema import list_columns
from connector.run.compare_keys import GONE, mark_gone
from connector.run.context import RunContext
from connector.run.state import RunState
from connector.sources.planned import PartContent, PlannedReader, ReadPlan

MAX_NOTES = 10  # of parts; all rejects are in rejects/


class PartsOutcome(msgspec.Struct, frozen=True):
    """What became of parts, by their numbers from 1.

    rows: of each part that was written, or that is empty and has no object. failures: why a part could not be read
    now. unreadable: why it cannot be read until it changes at the source. rejecting: parts with rows that could not be
    read. notes: of single parts.
    """

    rows: dict[int, int] = {}
    failures: dict[int, str] = {}
    unreadable: dict[int, str] = {}
    rejecting: tuple[int, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def numbers(self) -> set[int]:
        return {*self.rows, *self.failures, *self.unreadable}


def merge(outcomes: Iterable[PartsOutcome]) -> PartsOutcome:
    """The outcomes of different parts."""
    rows: dict[int, int] = {}
    failures: dict[int, str] = {}
    unreadable: dict[int, str] = {}
    rejecting: list[int] = []
    notes: list[str] = []
    for outcome in outcomes:
        rows |= outcome.rows
        failures |= outcome.failures
        unreadable |= outcome.unreadable
        rejecting += outcome.rejecting
        notes += outcome.notes
    return PartsOutcome(rows, failures, unreadable, tuple(rejecting), tuple(notes[:MAX_NOTES]))


def list_rows(context: RunContext, state: RunState) -> dict[int, int]:
    """The rows of every part that is in the bucket, as counted when it was written."""
    files = context.landing.files_of_run(state.run, "in")
    return {file.page.page: file.page.rows for file in files if file.page}


def planned_numbers(state: RunState) -> list[int]:
    """Of the parts that this run reads. With `only_pages` the others of its plan are in raw already."""
    parts = state.plan.parts if state.plan else ()
    numbers = range(1, len(parts) + 1)
    return [number for number in numbers if not state.only_pages or number in state.only_pages]


def read_parts(
    context: RunContext,
    reader: PlannedReader,
    state: RunState,
    numbers: Iterable[int],
    check: Callable[[], None],
) -> PartsOutcome:
    """`check` is called before each part, because a part can take minutes; it may raise."""
    plan, arrays = state.plan or ReadPlan(()), list_columns(context.columns)

    def read_and_write(number: int) -> PartsOutcome:
        check()
        position, file_name = plan.parts[number - 1], state.run.file_name(number)
        try:
            if state.comparison and position.startswith(GONE):
                part, lines_arrays = mark_gone(context, position, file_name), []
            else:
                part, lines_arrays = reader.read_part(position, file_name), arrays
        except (InvalidResponse, RequestRejected, SourceUnavailable) as error:
            return PartsOutcome(failures={number: str(error)})
        return write_part(context, state, number, part, mark_absent_lines(part.lines, lines_arrays))

    # Not the pool's own `with` block: on SIGTERM it would wait for queries of minutes, and the lease stay held.
    with create_pool(reader.connections) as pool:
        return merge(pool.map(read_and_write, numbers))


def write_part(
    context: RunContext, state: RunState, number: int, part: PartContent, lines: bytes
) -> PartsOutcome:
    """Rejects before the page: after a kill between them the part is read again, and its rejects are not lost."""
    if part.rejects:
        # The loader may add its own, hence the prefix.
        context.landing.write_rejects(state.run.file_name(number), part.rejects, "source_")
    if part.unreadable:
        return PartsOutcome(unreadable={number: part.unreadable})
    notes = (part.note,) if part.note else ()
    rejecting = (number,) if part.rejects else ()
    if not part.rows:
        return PartsOutcome(rows={number: 0}, rejecting=rejecting, notes=notes)
    unmapped = frozenset([*(state.plan.unmapped if state.plan else ()), *part.unmapped])
    result = PageResult(number, part.rows, mark=str(number), note=part.note)
    is_written = context.landing.write_page(state.run, result, lines, DriftReport(unmapped))
    # Another task was faster: the rows of the part are those of its object, which the listing has.
    rows = {number: part.rows} if is_written else {}
    return PartsOutcome(rows, rejecting=rejecting, notes=notes)
