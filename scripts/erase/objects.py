"""Files of the landing bucket: rows of the subject keep their key; everything else of them is removed.

All objects of the endpoint are read, in whatever folder they are: the table raw may have lost the rows of an archived
file by now. A rewritten object replaces the one that was read, or is left for the next attempt. The state of an export
to an API has the rows that the API accepted: a row with one of the values is stored as not yet sent, as
sheets_sync does before it sends one.
"""

import json
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from runtime.object_store import ObjectStore
from runtime.stored_object import ObjectInfo, record_content
from scripts.erase import EraseError
from scripts.erase.subject import Subject, texts_of

WORKERS = 8
FILE_NAME = "SYS_FILE_NAME"  # written by the connector into every row
EXPORT_STATES = "sheets_sync/"  # docs/reference/bucket.md

Rewrite = Callable[[bytes], Iterator[bytes]]  # from the content of an object to its lines


@dataclass(frozen=True)
class Objects:
    """`values` are the personal texts of the rows that were erased."""

    store: ObjectStore
    subject: Subject
    values: set[str] = field(default_factory=set)

    def find(self) -> list[ObjectInfo]:
        """The objects that contain data of the subject, whose `values` are complete then."""
        # With archive/, failed/ and rejects/: each may contain rows of the subject.
        folders = [f"{folder}/" for folder in self.subject.folders]
        objects = [each for folder in folders for each in self.store.list(folder)]
        return self._for_each(objects, self._erase_lines, dry_run=True)

    def find_states(self, values: set[str]) -> list[ObjectInfo]:
        """The states of exports to an API that contain one of the texts."""
        objects = self.store.list(EXPORT_STATES)
        return self._for_each(objects, partial(forget_rows, values=values), dry_run=True)

    def erase(self, objects: list[ObjectInfo]) -> None:
        self._for_each(objects, self._erase_lines, dry_run=False)

    def erase_states(self, objects: list[ObjectInfo], values: set[str]) -> None:
        self._for_each(objects, partial(forget_rows, values=values), dry_run=False)

    def _for_each(self, objects: Iterable[ObjectInfo], rewrite: Rewrite, dry_run: bool) -> list[ObjectInfo]:
        """Those that differ from what `rewrite` returns, which replaces them unless it is a dry run."""
        with ThreadPoolExecutor(WORKERS) as pool:
            objects = list(objects)
            differ = list(pool.map(lambda each: self._rewrite(each, rewrite, dry_run), objects))
        return [each for each, differs in zip(objects, differ, strict=True) if differs]

    def _rewrite(self, info: ObjectInfo, rewrite: Rewrite, dry_run: bool) -> bool:
        content = self.store.read(info.name, info.generation)
        if content is None:
            raise EraseError(
                f"{self.store.url_of(info.name)} changed while it was read: run the command again."
            )
        rest = b"".join(rewrite(content))
        # Other objects keep their generation, so a run of the connector is not disturbed.
        if rest == content:
            return False
        # With its metadata, which the connector needs to resume and to replay.
        metadata = record_content(info.metadata, rest)
        if not dry_run and self.store.replace(info.name, rest, info.generation, metadata) is None:
            raise EraseError(
                f"{self.store.url_of(info.name)} changed while it was read: run the command again."
            )
        return True

    def _erase_lines(self, content: bytes) -> Iterator[bytes]:
        """Lines without data of the subject keep every byte."""
        for line in content.splitlines(keepends=True):
            try:
                value = json.loads(line)
            except ValueError:  # not a row: json.loads also rejects bytes that are not UTF-8
                yield line
                continue
            blank = self._blank(value)
            yield line if blank == value else json.dumps(blank, ensure_ascii=False).encode() + b"\n"

    def _blank(self, value: Any) -> Any:
        """`value` without data of the subject; rows inside of texts too, as in files of rejected rows."""
        if isinstance(value, dict):
            if self.subject.matches(value.get(self.subject.key_column)):
                self.values.update(
                    text for name in self.subject.personal for text in texts_of(value.get(name))
                )
                names = (self.subject.key_column, FILE_NAME)
                return {name: value[name] for name in names if name in value}
            return {name: self._blank(each) for name, each in value.items()}
        if isinstance(value, list):
            return [self._blank(each) for each in value]
        # A rejected row is stored as text inside of a JSON line.
        if isinstance(value, str) and value.lstrip().startswith("{"):
            return self._blank_text(value)
        return value

    def _blank_text(self, text: str) -> str:
        try:
            value = json.loads(text)
        except ValueError:
            return text
        blank = self._blank(value)
        return text if blank == value else json.dumps(blank, ensure_ascii=False)


def forget_rows(content: bytes, values: set[str]) -> Iterator[bytes]:
    """Lines of the state of an export; a record with one of the values is empty: the next run sends its row again."""
    for line in content.splitlines(keepends=True):
        try:
            row = json.loads(line)
        except ValueError:
            row = None
        record = row.get("record") if isinstance(row, dict) else None
        if record and values & set(texts_of(record)):
            line = json.dumps({**row, "record": {}}, ensure_ascii=False).encode() + b"\n"
        yield line
