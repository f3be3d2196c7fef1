"""API ─▶ in/: every page of a run in the bucket, whatever happened before."""

import hashlib
from functools import partial

import msgspec
from msgspec import Raw
from msgspec.structs import replace

from connector import fetch, window
from connector.drift import Shape, finder, learned
from connector.errors import SourceGarbled
from connector.kit import Kit
from connector.lease import Lease
from connector.pages import Page, lines
from connector.state import State
from connector.tally import Fetched, Tally

PAGES_PER_LINE = 100


def land(kit: Kit, lease: Lease, state: State) -> State:
    """The state with phase `load`, once the last page is there. What is in in/ already is not asked for."""
    state = in_ids(kit, lease, state)
    tally = Tally(kit.reader.size, kit.reader.stepped)
    for file in kit.landing.of_run(state.run, "in"):
        if file.fetched:
            tally.add(file.fetched)
    kit.report(
        "fetches", run=state.id, pages_there=len(tally.rows), start=state.span.start, until=state.span.until
    )
    copier = Copier(kit, state, kit.landing.shape())
    if not tally.has(1):
        copier, page = copier.frozen(lease)
        tally.add(copier.put(1, page))
    fetch_all = fetch.chain if kit.reader.chained else fetch.pages
    fetch_all(tally, copier.fetch, progress(kit, lease, state, tally))
    gap = window.gap(copier.state.span, state.covered)
    return replace(
        copier.state,
        phase="load",
        pages=len(tally.rows),
        notes=(*([gap] if gap else []), *tally.notes()),
        missing=tally.missing(),
    )


def in_ids(kit: Kit, lease: Lease, state: State) -> State:
    """Days that were typed become ids, once: a run that goes on asks for the same ones."""
    span = window.dated(state.span, partial(first_since, kit))
    if span == state.span:
        return state
    state = replace(state, span=span)
    lease.save(state)
    return state


def first_since(kit: Kit, day: str) -> tuple[int | None, int | None]:
    """The first id since `day`, None if there is none yet, and the greatest of all."""
    page = kit.reader.page(1, None, window.Span(start_date=day))
    if not page.items or not kit.endpoint.window:
        return None, page.last
    name, item = kit.endpoint.window.field, bytes(page.items[0])
    try:
        return int(msgspec.json.decode(item)[name]), page.last
    except (TypeError, ValueError, LookupError) as error:
        raise SourceGarbled(f"the first item since {day} has no '{name}': {item[:80]!r}") from error


class Copier:
    """Asks for pages of one run and writes them down; `fetch` may be called from many threads."""

    def __init__(self, kit: Kit, state: State, shape: Shape | None) -> None:
        self.kit = kit
        self.state = state
        self.shape = shape
        self.drift = finder(kit.columns, shape or Shape())

    def fetch(self, number: int, cursor: str | None) -> Fetched:
        return self.put(number, self.ask(number, cursor))

    def ask(self, number: int, cursor: str | None = None) -> Page:
        return self.kit.reader.page(number, cursor, self.state.span)

    def put(self, number: int, page: Page) -> Fetched:
        """An empty page leaves no file."""
        totals = (page.total_pages, page.total_items)
        fetched = Fetched(number, len(page.items), *totals, mark(page.items), page.next)
        if page.items and self.shape is None:
            self.learn(page.items)
        if page.items:
            found = self.drift(page.items)
            content = lines(page.items, self.state.run.file(number), found.nameless)
            del page
            self.kit.landing.put(self.state.run, fetched, content, found)
        return fetched

    def learn(self, items: list[Raw]) -> None:
        """The first page of all, before any other is asked for: what the others are compared with."""
        self.shape = learned(items)
        self.kit.landing.keep_shape(self.shape)
        self.drift = finder(self.kit.columns, self.shape)

    def frozen(self, lease: Lease) -> tuple["Copier", Page]:
        """The first page, and a copier that asks for nothing newer: from here on new rows shift no page. The
        end is kept before the page is written, so that a run that goes on asks for the same rows. A chain
        does not know of the end, so it begins again with it."""
        page = self.ask(1)
        declared = self.kit.endpoint.window
        if not declared:
            return self, page
        if page.last is None and page.items:
            raise SourceGarbled(f"{self.kit.name} answers without '{declared.last}', the end of the window")
        state = replace(self.state, span=window.freeze(self.state.span, page.last))
        lease.save(state)
        copier = Copier(self.kit, state, self.shape)
        return copier, copier.ask(1) if page.next else page


def mark(items: list[Raw]) -> str:
    """Two pages with the same first and last item are the same page."""
    return hashlib.sha1(bytes(items[0]) + bytes(items[-1])).hexdigest()[:16] if items else ""


def progress(kit: Kit, lease: Lease, state: State, tally: Tally) -> fetch.Check:
    """Called once a page: stop when another process has the run, say now and then how far it is."""

    def check() -> None:
        lease.check()
        if len(tally.rows) % PAGES_PER_LINE == 0:
            kit.report(
                "fetching", run=state.id, pages=len(tally.rows), of=tally.last_page, rows=tally.received
            )

    return check
