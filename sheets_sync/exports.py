"""The declared exports: files in exports/."""

from pathlib import Path

from runtime.yaml_file import load_yaml
from sheets_sync.errors import ExportError
from sheets_sync.export import Export
from sheets_sync.export_parser import NAME, parse_export

FOLDER = Path(__file__).parent / "exports"


def list_exports(folder: Path = FOLDER) -> list[str]:
    """Names of all declared exports."""
    return sorted(path.stem for path in folder.glob("*.yaml"))


def load_export(name: str, folder: Path = FOLDER) -> Export:
    """ExportError names the file, the key, the value and the allowed values."""
    path = folder / f"{name}.yaml"
    if not NAME.fullmatch(name) or not path.is_file():
        raise ExportError(f"There is no export {name!r}. Declared are: {', '.join(list_exports(folder))}.")
    try:
        content = load_yaml(path)
    except ValueError as error:
        raise ExportError(f"{path.name} is not YAML: {error}") from error
    return parse_export(name, path.name, content)
