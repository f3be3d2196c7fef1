"""The same files are compiled once; another file or another configuration is compiled again."""

from typing import Any

from sandbox.dataform import compiled_graphs
from sandbox.dataform.compiled_graphs import CompiledGraphs

FILES = {"definitions/a.sqlx": b"select 1"}


class Compiler:
    """Numbers its graphs."""

    def __init__(self) -> None:
        self.graphs = CompiledGraphs()
        self.compiled = 0

    def graph(self, files: dict[str, bytes], config: dict[str, Any]) -> dict[str, Any]:
        return self.graphs.graph(files, config, self.compile)

    def compile(self) -> dict[str, Any]:
        self.compiled += 1
        return {"number": self.compiled}


def test_what_differs_is_compiled_again() -> None:
    compiler = Compiler()
    assert compiler.graph(FILES, {}) == {"number": 1}
    assert compiler.graph(dict(FILES), {}) == {"number": 1}
    assert compiler.graph({"definitions/a.sqlx": b"select 2"}, {}) == {"number": 2}
    assert compiler.graph({"definitions/b.sqlx": b"select 1"}, {}) == {"number": 3}
    assert compiler.graph(FILES, {"schemaSuffix": "ada"}) == {"number": 4}
    assert compiler.graph(FILES, {}) == {"number": 1}


def test_a_caller_cannot_change_the_graph_of_the_next() -> None:
    compiler = Compiler()
    compiler.graph(FILES, {})["number"] = 7
    assert compiler.graph(FILES, {}) == {"number": 1}


def test_the_oldest_graphs_are_forgotten() -> None:
    compiler = Compiler()
    for number in range(compiled_graphs.MAX_GRAPHS + 1):
        compiler.graph({"a": str(number).encode()}, {})
    assert len(compiler.graphs.texts) == compiled_graphs.MAX_GRAPHS
    newest = compiled_graphs.MAX_GRAPHS
    assert compiler.graph({"a": str(newest).encode()}, {}) == {"number": newest + 1}
    assert compiler.graph({"a": b"0"}, {}) == {"number": newest + 2}
