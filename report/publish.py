"""Where the page goes: a folder, or the bucket that engineers read."""

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Protocol

from report.errors import NotWritten

PAGE, METRICS = "index.html", "metrics.prom"
TYPES = {
    ".html": "text/html; charset=utf-8",
    ".prom": "text/plain; version=0.0.4; charset=utf-8",
    ".eml": "message/rfc822",
}
ATTEMPTS = 3


class Store(Protocol):
    """runtime.object_store.ObjectStore."""

    def url_of(self, name: str) -> str: ...
    def generation(self, name: str) -> int: ...
    def replace(
        self,
        name: str,
        content: bytes,
        generation: int,
        metadata: Mapping[str, str] | None = None,
        content_type: str | None = None,
    ) -> int | None: ...


def write_folder(folder: Path, files: Mapping[str, str]) -> list[str]:
    """Paths of the written files; NotWritten names the folder, which the error of a full disk does not."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, text in files.items():
            (folder / name).write_text(text)
    except OSError as error:
        raise NotWritten(f"{folder} could not be written: {error.strerror}. Pass another --out.") from error
    return [str(folder / name) for name in files]


def write_bucket(store: Store, files: Mapping[str, str], until: datetime) -> list[str]:
    """Addresses of the written objects: the newest files, and a copy of the page that keeps its day."""
    # A later page of the same day replaces the copy: one per day is enough to look back.
    copies = {day_copy(until): files[PAGE]}
    for name, text in {**files, **copies}.items():
        replace(store, name, text.encode())
    return [store.url_of(name) for name in [*files, *copies]]


def day_copy(until: datetime) -> str:
    return f"{until:%Y/%m/%d}.html"


def replace(store: Store, name: str, content: bytes) -> None:
    """NotWritten if another process writes the object all the time."""
    for _ in range(ATTEMPTS):
        # The store writes over a generation only; two runs at a time are rare, so a few attempts suffice.
        generation = store.generation(name)
        if store.replace(name, content, generation, content_type=TYPES[Path(name).suffix]) is not None:
            return
    raise NotWritten(
        f"{store.url_of(name)} changed {ATTEMPTS} times while it was written; run the report again."
    )
