"""Structured log: one JSON object per line on stderr, in the format that Cloud Logging parses.

https://cloud.google.com/run/docs/logging#writing_structured_logs
"""

import json
import uuid
from collections.abc import Mapping
from typing import Any, TextIO

# Cloud Logging groups all lines with the same value: the lines of one pipeline run, over all its jobs.
TRACE_FIELD = "logging.googleapis.com/trace"
TRACE_VARIABLE = "TRACE_ID"  # set by the pipeline in every job that it starts


class StructuredLog:
    """Writes severity, message and facts. `facts` given here are part of every line; None is left out."""

    def __init__(self, stream: TextIO, **facts: Any) -> None:
        self.stream = stream
        self.facts = facts

    def __call__(self, message: str, severity: str = "INFO", **facts: Any) -> None:
        present = {name: value for name, value in (self.facts | facts).items() if value is not None}
        line = json.dumps(
            {"severity": severity, "message": message, **present}, ensure_ascii=False, default=str
        )
        # One write per line: lines of several threads never mix.
        self.stream.write(line + "\n")
        self.stream.flush()

    def bind(self, **facts: Any) -> "StructuredLog":
        """A log on the same stream with more facts on every line."""
        return StructuredLog(self.stream, **(self.facts | facts))


def open_log(stream: TextIO, environ: Mapping[str, str], **facts: Any) -> StructuredLog:
    """The log of a job, with the trace of the pipeline run that started it, or a new trace."""
    return StructuredLog(stream, **facts, **{TRACE_FIELD: trace_name(environ)})


def trace_name(environ: Mapping[str, str]) -> str:
    """`projects/<project>/traces/<32 hexadecimal digits>`, as Cloud Trace names a trace."""
    project = environ.get("PROJECT_ID", "unknown")
    return f"projects/{project}/traces/{environ.get(TRACE_VARIABLE) or uuid.uuid4().hex}"
