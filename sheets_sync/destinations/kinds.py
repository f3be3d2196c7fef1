"""What an export may say of each kind of place, checked when its file is read."""

from collections.abc import Mapping
from typing import Any

from sheets_sync.destinations.file import declaration as file_declaration
from sheets_sync.destinations.http import declaration as http_declaration
from sheets_sync.errors import ExportError

MODES = {
    "sheets": ("mirror", "upsert", "update", "insert", "append"),
    "http": ("mirror", "upsert"),
    "file": ("mirror",),
}


def check(file: str, fields: Mapping[str, Any]) -> None:
    """`fields` are those of the export; ExportError says what is wrong."""
    declared = fields["destination"]
    kind = declared.get("kind")
    if kind not in MODES:
        raise ExportError(f"{file}: destination.kind is {kind!r}, it must be one of {', '.join(MODES)}.")
    if fields["mode"] not in MODES[kind]:
        raise ExportError(
            f"{file}: mode is {fields['mode']}, a destination of kind {kind} knows: {', '.join(MODES[kind])}."
        )
    if kind == "sheets" and set(declared) != {"kind"}:
        raise ExportError(f"{file}: destination has {sorted(declared)}, a sheet has kind alone.")
    if kind != "sheets" and fields["removed"][0] not in ("delete", "keep"):
        raise ExportError(
            f"{file}: removed is {fields['removed'][0]}, only a sheet can do so: delete or keep."
        )
    if kind == "file":
        file_declaration.read(file, declared)
    if kind == "http":
        check_http(file, fields)


def check_http(file: str, fields: Mapping[str, Any]) -> None:
    headers = {name: column["header"] for name, column in fields["columns"].items()}
    key = [headers[name] for name in fields["key"]]
    told = http_declaration.read(file, fields["destination"], list(headers.values()), key)
    if fields["removed"][0] == "delete" and told.delete is None:
        raise ExportError(
            f"{file}: rows that the mart no longer has are to be deleted, and destination.delete does not "
            "say how. Declare it, or use mode upsert."
        )
