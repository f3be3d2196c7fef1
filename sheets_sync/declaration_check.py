"""Check all declared exports without reading a mart or a target, as `python -m scripts.deploy plan` does."""

from pathlib import Path

from sheets_sync.errors import ExportError
from sheets_sync.export import Export
from sheets_sync.exports import FOLDER, list_exports, load_export


def check_exports(folder: Path = FOLDER) -> list[str]:
    """Every problem of the files and between them; empty if they are valid."""
    problems = [
        f"{path}: expected a name that ends in .yaml; rename the file."
        for path in sorted(folder.iterdir())
        if path.is_file() and path.suffix != ".yaml" and not path.name.startswith(".")
    ]
    for name in list_exports(folder):
        try:
            load_export(name, folder)
        except ExportError as error:
            problems.append(str(error))
    return list(dict.fromkeys(problems))  # each segment of a file has the same problem


def load_valid_exports(folder: Path = FOLDER) -> list[Export]:
    """The exports that have no problem of their own."""
    exports = []
    for name in list_exports(folder):
        try:
            exports.append(load_export(name, folder))
        except ExportError:
            continue  # reported by check_exports
    return exports
