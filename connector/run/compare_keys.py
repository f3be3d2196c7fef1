"""Once a day: compare all keys of the source with those in raw, fetch what was missed, mark what is gone.

The comparison is a run of its own, after the one of the window. Its plan is the result, so a killed comparison is
resumed like any run.
"""

from collections.abc import Collection, Iterator
from datetime import UTC, datetime

import msgspec
from msgspec.structs import replace

from connector.errors import LoadError
from connector.load.key_comparison import KeyList, MissedKey
from connector.raw_schema import FILE_NAME
from connector.run.context import RunContext
from connector.run.state import RunState
from connector.sources.comparison import DELETED, ComparingReader
from connector.sources.planned import PartContent, ReadPlan
from connector.sources.window import IdRange, Watermark
from runtime.lease import Lease
from runtime.stored_object import record_content

ROWS_PER_MARKING = 1000  # keys of one part, whose position is stored in run.json
EMPTY = "empty"  # in the marker instead of the day: the list had no key, and nothing was marked
CONFIRM = (
    "the source lists no key, as a table that is being reloaded: nothing is marked. If the next run finds none either, "
    "all rows are marked as gone"
)
GONE = "gone:"  # the beginning of the position of a part with rows that do not exist any more


class Gone(msgspec.Struct, frozen=True, array_like=True):
    """Keys, as in raw, that the complete list of the source did not contain at `at`."""

    at: str
    keys: tuple[tuple[str, ...], ...]


def is_due(context: RunContext, requested: IdRange) -> bool:
    """Once per day (UTC), after a run without --from and --until."""
    reader = context.reader
    if not isinstance(reader, ComparingReader) or not reader.compares_keys or requested != IdRange():
        return False
    # The day is an object in the bucket: the state of the run is deleted when the run ends.
    current = context.landing.store.read_current(marker(context))
    return current is None or current.content.decode() != today(context)


def start_comparison(context: RunContext) -> RunState:
    # A later start than all runs before: its rows must count as the newest versions of their keys.
    run = context.new_run(context.warehouse.read_watermark(context.source, context.name))
    return RunState(
        id=run.id,
        endpoint=context.name,
        began=run.began,
        fingerprint=context.fingerprint,
        comparison=True,
    )


def finish_comparison(context: RunContext, state: RunState) -> None:
    store, name = context.landing.store, marker(context)
    content = EMPTY if state.unconfirmed else today(context)
    store.replace(name, content.encode(), store.generation(name))


def was_empty(context: RunContext) -> bool:
    current = context.landing.store.read_current(marker(context))
    return current is not None and current.content.decode() == EMPTY


def marker(context: RunContext) -> str:
    return f"{context.landing.root}/compared.txt"


def today(context: RunContext) -> str:
    return f"{datetime.fromtimestamp(context.now() / 1000, UTC):%Y-%m-%d}"


def plan_comparison(
    context: RunContext, reader: ComparingReader, lease: Lease[RunState], state: RunState
) -> RunState:
    """The plan has the rows that were missed and those that are gone. It exists only if every key was listed."""
    # Rows above the watermark belong to the next window; without this bound each would count as missed.
    watermark: Watermark = context.warehouse.read_watermark(context.source, context.name)
    pages = write_keys(context, reader, lease, state, watermark.until)
    table = KeyList(state.id, context.endpoint.table, tuple(context.endpoint.key), reader.version)
    missed, gone, more = context.warehouse.compare_keys(table, list(pages))
    # A process that took the run over writes the same names; after an error the next attempt deletes them.
    lease.check()
    check_keys(context, pages)
    delete_keys(context)
    positions = reader.plan_by_key([key.position for key in missed])
    # Not a position of the reader: these rows do not exist at the source any more.
    positions += [GONE + msgspec.json.encode(part).decode() for part in split_gone(context, gone)]
    note = (
        f"{sum(pages.values())} keys of the source were compared: {len(missed)} rows missed, {len(gone)} gone"
    )
    notes = [note, *(["there are more differences, which the next comparison finds"] if more else [])]
    unconfirmed = bool(gone) and not sum(pages.values()) and not was_empty(context)
    if unconfirmed:
        positions, notes = [], [note, CONFIRM]
    plan = ReadPlan(tuple(positions), notes=tuple(notes))
    state = replace(state, plan=plan, unconfirmed=unconfirmed)
    lease.save(state)
    return state


def write_keys(
    context: RunContext, reader: ComparingReader, lease: Lease[RunState], state: RunState, until: int | None
) -> dict[str, int]:
    """The number of rows by the object that has them."""
    delete_keys(context)  # of an attempt that was killed
    pages: dict[str, int] = {}
    for number, page in enumerate(reader.iter_keys(until), 1):
        # A list takes minutes: stop when another process has taken the run over.
        lease.check()
        name = f"{context.landing.root}/keys/{state.id}-{number}.json"
        context.landing.store.create(name, page.lines, record_content({}, page.lines))
        pages[name] = page.rows
    return pages


def check_keys(context: RunContext, pages: Collection[str]) -> None:
    """LoadError if the list that was compared is not the list that was written: rows would count as gone."""
    there = list(context.landing.store.list(f"{context.landing.root}/keys/"))
    changed = set(pages) ^ {item.name for item in there} | {item.name for item in there if item.is_altered}
    if changed:
        raise LoadError(
            f"{sorted(changed)[0]} was changed or deleted while the keys were compared. Nothing was marked as gone; "
            "the next run compares again."
        )


def delete_keys(context: RunContext) -> None:
    for item in list(context.landing.store.list(f"{context.landing.root}/keys/")):
        context.landing.store.delete(item.name)


def split_gone(context: RunContext, gone: list[MissedKey]) -> Iterator[Gone]:
    at = datetime.fromtimestamp(context.now() / 1000, UTC).isoformat()
    for first in range(0, len(gone), ROWS_PER_MARKING):
        yield Gone(at, tuple(key.values for key in gone[first : first + ROWS_PER_MARKING]))


def mark_gone(context: RunContext, position: str, file_name: str) -> PartContent:
    """A line per key, with nothing but the key and the time."""
    part = msgspec.json.decode(position.removeprefix(GONE), type=Gone)
    # The time of the comparison, not of the load: a resumed run must write the same line.
    constants = {DELETED: part.at, FILE_NAME: file_name}
    lines = [
        msgspec.json.encode(dict(zip(context.endpoint.key, key, strict=True)) | constants)
        for key in part.keys
    ]
    return PartContent(b"\n".join([*lines, b""]), len(lines))
