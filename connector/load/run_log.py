"""Rows of ops.run_log, ops.file_log and ops.drift; modules/warehouse/ops/*.json describes their columns."""

from dataclasses import dataclass
from typing import Literal

Status = Literal["success", "partial", "incomplete", "failed"]


@dataclass(frozen=True)
class RunRow:
    run_id: str
    source: str | None
    endpoint: str
    started_at: str
    finished_at: str
    status: Status
    window_from: int | None
    window_until: int | None
    pages: int
    files: int = 0
    rows_loaded: int = 0
    bytes: int = 0
    error: str | None = None
    notes: str | None = None


@dataclass(frozen=True)
class DriftRow:
    """`was` and `now` are JSON types, or absent; `file_name` is the first file of the run with the change."""

    run_id: str
    source: str | None
    endpoint: str
    field: str
    change: str
    was: str | None
    now: str
    file_name: str
    logged_at: str


@dataclass(frozen=True)
class FileRow:
    run_id: str
    source: str | None
    endpoint: str
    file_name: str
    state: Literal["archived", "failed"]
    rows: int
    bytes: int
    logged_at: str
    reason: str | None = None
