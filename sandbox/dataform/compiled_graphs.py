"""Graphs that the CLI has compiled: the same files with the same configuration give the same graph."""

import hashlib
import json
from collections import OrderedDict
from collections.abc import Callable, Mapping

from sandbox.resources.store import Json

MAX_GRAPHS = 20  # about a megabyte each


class CompiledGraphs:
    """The newest graphs of one sandbox process.

    A run of the pipeline compiles the live commit each time, which takes two seconds of a processor.
    """

    def __init__(self) -> None:
        self.texts: OrderedDict[str, str] = OrderedDict()

    def graph(self, files: Mapping[str, bytes], config: Json, compile_files: Callable[[], Json]) -> Json:
        """A copy of its own for each caller."""
        key = content_key(files, config)
        text = self.texts.get(key) or json.dumps(compile_files())
        # Two requests may compile the same files at once; both store the same text.
        self.texts[key] = text
        self.texts.move_to_end(key)
        while len(self.texts) > MAX_GRAPHS:
            self.texts.popitem(last=False)
        graph: Json = json.loads(text)
        return graph


def content_key(files: Mapping[str, bytes], config: Json) -> str:
    hashes = {path: hashlib.sha256(contents).hexdigest() for path, contents in files.items()}
    return hashlib.sha256(json.dumps([hashes, config], sort_keys=True).encode()).hexdigest()
