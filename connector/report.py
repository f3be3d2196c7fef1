"""What a run says of itself while it works: one JSON object a line, as Cloud Logging reads them from a job's
stderr.

https://cloud.google.com/run/docs/logging#writing_structured_logs"""

import json
from typing import Any, TextIO


class Report:
    """`facts` given here are on every line."""

    def __init__(self, stream: TextIO, **facts: Any) -> None:
        self.stream = stream
        self.facts = facts

    def __call__(self, message: str, severity: str = "INFO", **facts: Any) -> None:
        known = {name: value for name, value in (self.facts | facts).items() if value is not None}
        line = json.dumps({"severity": severity, "message": message, **known}, ensure_ascii=False)
        self.stream.write(line + "\n")
        self.stream.flush()

    def about(self, **facts: Any) -> "Report":
        return Report(self.stream, **self.facts | facts)
