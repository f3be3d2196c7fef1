"""Files of the landing bucket: rows of the subject keep their key; everything else of them is removed.

All objects of the endpoint are read, in whatever folder they are: the table raw may have lost the rows of an archived
file by now. A rewritten object replaces the one that was read, or is left for the next attempt.
"""

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

from runtime.object_store import ObjectStore
from runtime.stored_object import ObjectInfo, record_content
from scripts.erase import EraseError
from scripts.erase.subject import Subject, texts_of

WORKERS = 8
FILE_NAME = "SYS_FILE_NAME"  # written by the connector into every row


@dataclass(frozen=True)
class Objects:
    """`values` are the personal texts of the rows that were erased."""

    store: ObjectStore
    subject: Subject
    values: set[str] = field(default_factory=set)

    def erase(self, dry_run: bool) -> list[str]:
        """Names of the objects that contain, or contained, data of the subject."""
        with ThreadPoolExecutor(WORKERS) as pool:
            # With archive/, failed/ and rejects/: each may contain rows of the subject.
            objects = self.store.list(f"{self.subject.folder}/")
            names = pool.map(lambda each: self._erase_object(each, dry_run), objects)
            return [name for name in names if name]

    def _erase_object(self, info: ObjectInfo, dry_run: bool) -> str:
        content = self.store.read(info.name, info.generation)
        if content is None:
            raise EraseError(
                f"{self.store.url_of(info.name)} changed while it was read: run the command again."
            )
        rest = b"".join(self._erase_lines(content))
        # Other objects keep their generation, so a run of the connector is not disturbed.
        if rest == content:
            return ""
        # With its metadata, which the connector needs to resume and to replay.
        metadata = record_content(info.metadata, rest)
        if not dry_run and self.store.replace(info.name, rest, info.generation, metadata) is None:
            raise EraseError(
                f"{self.store.url_of(info.name)} changed while it was read: run the command again."
            )
        return info.name

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
