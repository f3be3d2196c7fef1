"""The spreadsheets of a sandbox: in memory, and each in a file that is always whole."""

import secrets
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

import msgspec

from sandbox.sheets.book import Book, blank_tab
from sandbox.sheets.cells import Cell, Formula
from sandbox.sheets.errors import Forbidden, NotFound
from sandbox.sheets.grid import COLUMNS, ROWS, Tab
from sandbox.state import State

OWNER = "owner@example.com"  # identity of every token that is not a service account's
PREFIX = "sandbox-"  # of the ids of spreadsheets that a new sandbox has


class Store:
    """All spreadsheets. Those that a new sandbox has are shared with sheets-sync."""

    def __init__(self, state: State) -> None:
        self.folder = state.root / "sheets"
        self.books: dict[str, Book] = {}
        if self.folder.exists():
            for path in sorted(self.folder.glob("*.json")):
                book = load(path.read_bytes())
                self.books[book.id] = book
        else:
            self.folder.mkdir(parents=True)
            for name in state.spreadsheets:
                self.seed(name, state.identity("sheets-sync"))

    def seed(self, name: str, writer: str) -> None:
        """`sandbox-daily-sales` has the title "Daily sales"."""
        title = name.removeprefix(PREFIX).replace("-", " ").capitalize()
        seeded = self.create(OWNER, {"title": title}, name)
        seeded.permissions.append(permission("writer", writer))
        self.save(seeded)

    def create(self, owner: str, properties: dict[str, Any], book_id: str = "") -> Book:
        defaults = {"title": "Untitled spreadsheet", "locale": "en_US", "autoRecalc": "ON_CHANGE"}
        zone = {"timeZone": "Etc/GMT"}
        book = Book(
            book_id or secrets.token_urlsafe(33), defaults | zone | properties, [blank_tab(0, "Sheet1")]
        )
        book.permissions.append(permission("owner", owner))
        book.created = now()
        self.save(book)
        return book

    def find(self, book_id: str, caller: str, write: bool = False) -> Book:
        """NotFound if it does not exist, Forbidden if the caller may not read it, or not write it with `write`."""
        book = self.books.get(book_id)
        if book is None:
            raise NotFound("Requested entity was not found.")
        role = book.role(caller)
        if role is None or (write and role not in ("owner", "writer")):
            raise Forbidden("The caller does not have permission")
        return book

    def save(self, book: Book) -> None:
        book.modified = now()
        book.version += 1
        path = self.folder / f"{book.id}.json"
        # Renamed when it is complete: a killed process leaves the old file or the new one.
        beside = path.with_suffix(".new")
        beside.write_bytes(dump(book))
        beside.replace(path)
        self.books[book.id] = book

    def remove(self, book: Book) -> None:
        (self.folder / f"{book.id}.json").unlink()
        del self.books[book.id]


def permission(role: str, email: str, kind: str = "user") -> dict[str, Any]:
    number = str(int.from_bytes(email.encode()) % 10**20).zfill(20)
    return {"id": number, "type": kind, "role": role, "emailAddress": email}


def now() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"


def dump(book: Book) -> bytes:
    return msgspec.json.encode(
        {
            "id": book.id,
            "properties": book.properties,
            "names": book.names,
            "metadata": book.metadata,
            "permissions": book.permissions,
            "created": book.created,
            "modified": book.modified,
            "version": book.version,
            "trashed": book.trashed,
            "tabs": [dump_tab(tab) for tab in book.tabs],
        }
    )


def dump_tab(tab: Tab) -> dict[str, Any]:
    """Formats are few and shared by many cells: they are written once, cells refer to them by index."""
    formats: dict[int, int] = {}
    written: list[Any] = []
    cells = []
    for (row, column), cell in tab.cells.items():
        if cell.format and id(cell.format) not in formats:
            formats[id(cell.format)] = len(written)
            written.append(cell.format)
        place = formats[id(cell.format)] if cell.format else None
        value = {"formula": cell.value.text} if isinstance(cell.value, Formula) else cell.value
        cells.append((row, column, value, place, cell.note))
    dimensions = {name: list(items.items()) for name, items in tab.dimensions.items()}
    return {
        "properties": tab.properties,
        "protected": tab.protected,
        "filter": tab.basic_filter,
        "dimensions": dimensions,
        "objects": tab.objects,
        "formats": written,
        "cells": cells,
    }


def load(content: bytes) -> Book:
    fields = msgspec.json.decode(content)
    return Book(**(fields | {"tabs": [load_tab(tab) for tab in fields["tabs"]]}))


def load_tab(fields: dict[str, Any]) -> Tab:
    return Tab(
        fields["properties"],
        dict(load_cells(fields["cells"], fields["formats"])),
        fields["protected"],
        fields.get("filter"),
        {name: dict(fields["dimensions"][name]) for name in (ROWS, COLUMNS)},
        fields.get("objects", {}),
    )


def load_cells(cells: list[Any], formats: list[Any]) -> Iterable[tuple[tuple[int, int], Cell]]:
    for row, column, value, place, note in cells:
        cell_value = Formula(value["formula"]) if isinstance(value, dict) else value
        yield (row, column), Cell(cell_value, None if place is None else formats[place], note)
