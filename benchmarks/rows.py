"""The rows that a tool has written, in any format: their number, and one checksum of their ids."""

import gzip
import hashlib
import re
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

MESSAGE = b'"RECORD"'
# With both quotes: dlt's own field "_dlt_id" does not match.
ID = re.compile(rb'"id": ?(\d+)')


def checksum(ids: Iterable[int]) -> str:
    """Equal only for the same ids, each as often."""
    ordered = sorted(ids)
    return f"{len(ordered)} {hashlib.sha256(repr(ordered).encode()).hexdigest()[:16]}"


def written(form: str, folder: Path) -> str:
    return checksum(FORMS[form](folder))


def connector(folder: Path) -> Iterator[int]:
    """Files of the landing bucket: a row a line, the first field after the file's name is the id."""
    for path in folder.rglob("sales/in/*.json"):
        for line in path.read_bytes().splitlines():
            yield first_id(line)


def dlt(folder: Path) -> Iterator[int]:
    """Files of its filesystem destination, compressed or not."""
    for path in folder.glob("out/raw/sales/*"):
        content = path.read_bytes()
        for line in (gzip.decompress(content) if path.suffix == ".gz" else content).splitlines():
            yield first_id(line)


def messages(folder: Path) -> Iterator[int]:
    """RECORD messages on standard output, as Airbyte and Singer write them."""
    for path in folder.glob("*.jsonl"):
        for line in path.read_bytes().splitlines():
            # The type is at the start of a message; later in the line the text may be data.
            if MESSAGE in line[:40]:
                yield first_id(line)


def first_id(line: bytes) -> int:
    match = ID.search(line)
    assert match, line[:80]
    return int(match[1])


FORMS: dict[str, Callable[[Path], Iterator[int]]] = {
    "connector": connector,
    "dlt": dlt,
    "messages": messages,
}
