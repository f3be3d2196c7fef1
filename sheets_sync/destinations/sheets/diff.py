"""Three sides, by key: the source, what was last synced, what the tab holds now. Pure: rows in, rows out."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from sheets_sync.destinations.sheets.goal import Goal, Key
from sheets_sync.destinations.sheets.memory import Entries, Memory, cells_digest, key_digest
from sheets_sync.destinations.sheets.merge import base, merge, told
from sheets_sync.destinations.sheets.values import Cell, same
from sheets_sync.outcome import EXAMPLES, Counts, Example, Tally

UPDATES = ("mirror", "upsert", "update")
MOST_TOLD = 1_000  # drifted rows that a run tells one by one


@dataclass(frozen=True)
class Held:
    """A row of the tab: `place` counts from 0 below the header, `key` is None where there is none."""

    place: int
    key: Key | None
    cells: list[Cell]


@dataclass(frozen=True)
class Line:
    """A row as the tab is to show it; `origin` is its place now, None where it is new."""

    cells: list[Cell]
    origin: int | None = None

    @property
    def blank(self) -> bool:
        return all(same(cell, None) for cell in self.cells)


@dataclass(frozen=True)
class Diff:
    """`lines` is all that is to stand below the header. `gone` are places of rows that go, `archived` those
    of them that go to another tab. `entries` is what is last synced afterwards."""

    lines: list[Line]
    gone: list[int]
    archived: list[int]
    entries: Entries
    counts: Counts
    drifted: tuple[Example, ...]


class Telling:
    """Counts rows, and words the first of them."""

    def __init__(self, most: int = EXAMPLES) -> None:
        self.most, self.count, self.examples = most, 0, list[Example]()

    def add(self, key: str, detail: Callable[[], str] = str) -> None:
        self.count += 1
        if len(self.examples) < self.most:
            self.examples.append(Example(key, detail()))

    def tally(self) -> Tally:
        return Tally(self.count, tuple(self.examples[:EXAMPLES]))


def compare(goal: Goal, held: Sequence[Held], memory: Memory | None, moment: Cell) -> Diff:
    """`moment` is now, as a cell, for the column that marks removed rows."""
    return Comparing(goal, memory, moment).diff(held)


class Comparing:
    def __init__(self, goal: Goal, memory: Memory | None, moment: Cell) -> None:
        self.goal, self.memory, self.moment = goal, memory, moment
        self.mode, self.keeps = goal.export.mode, goal.export.drift == "keep"
        self.wanted = {row.key: row.cells for row in goal.rows}
        self.rejected = set(goal.order) - self.wanted.keys()
        self.known = memory.entries if memory else {}
        # What was appended once is never appended again, whatever became of it.
        self.entries: Entries = dict(self.known) if self.mode == "append" else {}
        self.gone, self.archived = list[int](), list[int]()
        self.inserted, self.updated, self.deleted = Telling(), Telling(), Telling()
        self.drift = Telling(MOST_TOLD)

    def diff(self, held: Sequence[Held]) -> Diff:
        lines, live, others = list[Line](), dict[Key, Line](), list[Line]()
        for row in held:
            key = row.key if row.key not in live else None  # the same key once more is nobody's
            if key is not None and (key in self.wanted or key in self.rejected):
                live[key] = self.sourced(row, key)
                lines.append(live[key])
            elif line := self.sourceless(row, key):
                others.append(line)
                lines.append(line)
        new = {key: line for key in self.goal.order if key not in live and (line := self.new(key))}
        if self.mode == "mirror":
            found = live | new
            others.sort(key=lambda line: line.blank)
            lines = [*(found[key] for key in self.goal.order if key in found), *others]
        else:
            lines += new.values()
        return Diff(lines, self.gone, self.archived, self.entries, self.counts(), tuple(self.drift.examples))

    def counts(self) -> Counts:
        return Counts(
            self.inserted.tally(),
            self.updated.tally(),
            self.deleted.tally(),
            Tally.of(self.goal.rejected),
            self.drift.tally(),
        )

    def sourced(self, row: Held, key: Key) -> Line:
        """A row that the source has too."""
        if key in self.rejected or self.mode not in UPDATES:
            self.remember(key)
            return Line(row.cells, row.place)
        wanted = self.wanted[key]
        if key_digest(key) in self.known or not self.goal.exact:  # what people added stays theirs
            self.entries[key_digest(key)] = cells_digest(wanted)
        if all(map(same, row.cells, wanted)):
            return Line(wanted, row.place)
        merged = merge(row.cells, wanted, base(self.goal, self.memory, key), self.keeps)
        name = self.goal.said(wanted)
        if merged.written:
            self.updated.add(name, lambda: told(self.goal, row.cells, wanted, merged.written))
        if merged.drifted:
            self.drift.add(
                name,
                lambda: f"{told(self.goal, wanted, row.cells, merged.drifted)} ({self.end('written over')})",
            )
        return Line(merged.cells, row.place)

    def sourceless(self, row: Held, key: Key | None) -> Line | None:
        """A row that the source has not: ours and removed, or added by people. None where it goes."""
        line = Line(row.cells, row.place)
        if line.blank:
            return line
        ours = key is not None and (key_digest(key) in self.known if self.memory else self.mode == "mirror")
        if ours and key is not None:
            return self.removed(row, key)
        if self.mode == "mirror":
            self.drift.add(self.goal.said(row.cells), lambda: f"row added ({self.end('removed')})")
            if not self.keeps:
                self.gone.append(row.place)
                return None
        return line

    def removed(self, row: Held, key: Key) -> Line | None:
        how = "delete" if self.goal.exact else self.goal.export.removed.how
        marked = how == "mark" and not same(row.cells[-1], None)
        if how == "keep" or marked:
            self.remember(key)
            return Line(row.cells, row.place)
        self.deleted.add(self.goal.said(row.cells))
        if how == "mark":
            self.remember(key)
            return Line([*row.cells[:-1], self.moment], row.place)
        self.gone.append(row.place)
        self.archived += [row.place] if how == "move" else []
        return None

    def new(self, key: Key) -> Line | None:
        """A row that the tab has not; None where it is not to be inserted."""
        synced = key_digest(key) in self.known
        if key in self.rejected or self.mode == "update" or (synced and self.mode == "append"):
            self.remember(key)
            return None
        name = self.goal.said(self.wanted[key])
        if synced:
            self.drift.add(name, lambda: f"row deleted ({self.end('inserted again')})")
            if self.keeps:
                self.remember(key)
                return None
        self.entries[key_digest(key)] = cells_digest(self.wanted[key])
        self.inserted.add(name)
        return Line(self.wanted[key])

    def remember(self, key: Key) -> None:
        """What was last synced of a row stays what it was."""
        name = key_digest(key)
        if name in self.known:
            self.entries[name] = self.known[name]

    def end(self, otherwise: str) -> str:
        return "kept" if self.keeps else otherwise
