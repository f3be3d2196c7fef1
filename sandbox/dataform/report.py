"""What `dataform run` prints, read line by line: it offers JSON for a dry run only (CLI 3.0.69).

\\x1b[32mTable created: \\x1b[0m \\x1b[36mods.sales\\x1b[0m [incremental]
 \\t jobId: dataform-0bbe4d5b,
Dataset creation failed:  ods.sales [incremental]
  > merge `p.ods.sales` …
  bigquery error: Unrecognized name: nope
"""

import re
from dataclasses import dataclass, field

STATES = {
    "Table created": "SUCCEEDED",
    "Assertion passed": "SUCCEEDED",
    "Operation completed successfully": "SUCCEEDED",
    "Dataset creation failed": "FAILED",
    "Assertion failed": "FAILED",
    "Operation failed": "FAILED",
    "Skipping dataset creation": "SKIPPED",
    "Skipping assertion execution": "SKIPPED",
    "Skipping operation execution": "SKIPPED",
    "Dataset creation disabled": "DISABLED",
    "Assertion execution disabled": "DISABLED",
    "Operation execution disabled": "DISABLED",
}
COLOUR = re.compile(r"\x1b\[\d+m")
HEADLINE = re.compile(rf"({'|'.join(STATES)}): +([^\s.]+\.\S+)")
NO_REASON = re.compile(r"\s+(>|Bytes billed:)")  # the failed statement's own lines; the bill
JOB = re.compile(r"\s+jobId: ([^\s,]+)")


@dataclass
class Outcome:
    """One action's end. `reason` is empty unless it failed."""

    target: str
    state: str
    job_id: str = ""
    reasons: list[str] = field(default_factory=list)

    @property
    def reason(self) -> str:
        return "\n".join(self.reasons)


@dataclass
class Report:
    """`tail` is what was said outside every action: why the CLI gave up, if it did."""

    outcomes: dict[str, Outcome] = field(default_factory=dict)
    tail: list[str] = field(default_factory=list)
    _latest: Outcome | None = None

    def read(self, line: str) -> Outcome | None:
        """The outcome that this line begins or adds to; None when it belongs to none."""
        text = COLOUR.sub("", line.rstrip())
        if found := HEADLINE.match(text):
            self._latest = Outcome(found[2], STATES[found[1]])
            self.outcomes[found[2]] = self._latest
        elif self._latest is not None and (found := JOB.match(text)):
            self._latest.job_id = found[1]
        elif self._latest is not None and self._latest.state == "FAILED":
            if text.strip() and not NO_REASON.match(text):
                self._latest.reasons.append(text.strip())
        else:
            self.tail = [*self.tail, text.strip()][-20:]
            return None
        return self._latest
