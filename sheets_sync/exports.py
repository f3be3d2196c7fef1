"""exports/<name>.yaml as dataclasses. All keys: docs/reference/export-declaration.md."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import yaml

from sheets_sync import declaration
from sheets_sync.declaration import NAME
from sheets_sync.errors import ExportError
from sheets_sync.notices import declared as declared_notices
from sheets_sync.notices.declared import Notify

FOLDER = Path(__file__).parent / "exports"

type Mode = Literal["mirror", "upsert", "update", "insert", "append"]


@dataclass(frozen=True)
class Column:
    """`name` in the mart; `header` in the first row; `format` a number format, None for the usual one. `type`
    is BigQuery's, for a table of raw, which knows texts alone."""

    name: str
    header: str
    format: str | None = None
    type: str | None = None


@dataclass(frozen=True)
class Order:
    column: str
    descending: bool = False


@dataclass(frozen=True)
class Removed:
    """What becomes of a row that the mart no longer has. `title` is the header of the column that marks it,
    or the tab that it moves to."""

    how: Literal["delete", "keep", "mark", "move"]
    title: str = ""


@dataclass(frozen=True)
class Export:
    """Columns of `table`, a mart or raw.<table>, from left to right. `key` tells which row is which.

    `drift` says who wins where people changed our columns: overwrite (the mart) or keep (they). `shrink` is
    by how many percent the mart may get shorter. `audit` is the title of the tab that tells of each run,
    None for none. `destination` is read by whom it concerns.
    """

    name: str
    table: str
    tab: str
    mode: Mode
    key: tuple[str, ...]
    columns: tuple[Column, ...]
    order: tuple[Order, ...] = ()
    removed: Removed = Removed("delete")
    drift: Literal["overwrite", "keep"] = "overwrite"
    shrink: int = 50
    copied: Literal["whole", "incremental"] = "whole"
    protect: Literal["warning", "owner", "none"] = "warning"
    audit: str | None = "Sync log"
    destination: Mapping[str, Any] = field(default_factory=lambda: {"kind": "sheets"})
    notify: Notify = Notify()

    @property
    def address(self) -> str:
        """`dmt.daily_sales`, `raw.customers`"""
        return self.table if self.is_raw else f"dmt.{self.table}"

    @property
    def is_raw(self) -> bool:
        return self.table.startswith(declaration.RAW)

    @property
    def names(self) -> list[str]:
        return [column.name for column in self.columns]

    @property
    def headers(self) -> list[str]:
        return [column.header for column in self.columns]


def declared(folder: Path = FOLDER) -> list[str]:
    """Names of all exports."""
    return sorted(path.stem for path in folder.glob("*.yaml"))


def load(name: str, folder: Path = FOLDER) -> Export:
    """ExportError says what is wrong, and where."""
    path = folder / f"{name}.yaml"
    if not NAME.fullmatch(name) or not path.is_file():
        raise ExportError(f"There is no export {name!r}. Declared are: {', '.join(declared(folder))}.")
    try:
        content = yaml.safe_load(path.read_text())
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise ExportError(f"{path.name} is not YAML: {' '.join(str(error).split())}") from error
    return read(name, path.name, content)


def read(name: str, file: str, content: Any) -> Export:
    """The export that a file's content declares; `file` is for the sentences."""
    fields = declaration.checked(file, content)
    columns = tuple(
        Column(column, item["header"], item.get("format"), item.get("type"))
        for column, item in fields["columns"].items()
    )
    order = tuple(Order(words[0], words[1:] == ["desc"]) for words in fields["order"])
    removed = Removed(*fields["removed"])
    same = ("table", "copied", "tab", "mode", "drift", "shrink", "protect", "audit", "destination")
    return Export(
        name=name,
        key=tuple(fields["key"]),
        columns=columns,
        order=order,
        removed=removed,
        notify=declared_notices.read(file, fields["notify"]),
        **{key: fields[key] for key in same},
    )
