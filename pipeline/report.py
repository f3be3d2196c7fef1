"""What a run says of itself: one JSON object a line, as Cloud Logging reads them from a job's stderr.

https://cloud.google.com/run/docs/logging#writing_structured_logs
"""

import json
from typing import Any, TextIO


class Report:
    """`facts` given here are on every line."""

    def __init__(self, stream: TextIO, **facts: Any) -> None:
        self.stream = stream
        self.facts = facts

    def __call__(self, message: str, severity: str = "INFO", **facts: Any) -> None:
        line = {"severity": severity, "message": message} | self.facts | facts
        self.stream.write(json.dumps(line, ensure_ascii=False) + "\n")
        self.stream.flush()
