"""The declared exports: files in exports/, each one export or several segments of one."""

from pathlib import Path
from typing import Any

from runtime.yaml_file import load_yaml
from sheets_sync.errors import ExportError
from sheets_sync.export import Export
from sheets_sync.export_parser import parse_export
from sheets_sync.export_parts import NAME

FOLDER = Path(__file__).parent / "exports"


def list_exports(folder: Path = FOLDER) -> list[str]:
    """Names of all declared exports. A file that cannot be read counts as one, whose error is reported."""
    return sorted({name for path in folder.glob("*.yaml") for name in export_names(path)})


def load_export(name: str, folder: Path = FOLDER) -> Export:
    """ExportError names the file, the key, the value and the allowed values."""
    paths = [
        path
        for path in sorted(folder.glob("*.yaml"))
        # The name first: a file that cannot declare the export is not parsed.
        if (name == path.stem or name.startswith(f"{path.stem}_")) and name in export_names(path)
    ]
    if paths and not NAME.fullmatch(name):
        raise ExportError(
            f"{paths[0].name}: the export's name is {name!r}, expected snake_case; rename the file or the segment."
        )
    if not paths:
        raise ExportError(f"There is no export {name!r}. Declared are: {', '.join(list_exports(folder))}.")
    # `a.yaml` with segment `b_c` and `a_b.yaml` with segment `c` declare the same name.
    if len(paths) > 1:
        files = " and ".join(path.name for path in paths)
        raise ExportError(f"Export {name} is declared by {files}. Rename a file or a segment.")
    [path] = paths
    return parse_export(name, path.name, load_content(path), name[len(path.stem) + 1 :])


def load_content(path: Path) -> Any:
    try:
        return load_yaml(path)
    except ValueError as error:
        raise ExportError(f"{path.name} is not YAML: {error}") from error


def export_names(path: Path) -> list[str]:
    try:
        content = load_content(path)
    except ExportError:
        return [path.stem]
    segments = content.get("segments") if isinstance(content, dict) else None
    values = segments.get("values") if isinstance(segments, dict) else None
    if not isinstance(values, dict) or not values:
        return [path.stem]
    return [f"{path.stem}_{segment}" for segment in values]
