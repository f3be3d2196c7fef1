"""Parses the output of `dataform run` line by line: it prints JSON only for a dry run (CLI 3.0.69).

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
NO_REASON = re.compile(r"\s+(>|Bytes billed:)")  # lines of the failed statement, and the bytes billed
JOB = re.compile(r"\s+jobId: ([^\s,]+)")


@dataclass
class Outcome:
    """The final state of an action. `reason` is empty unless it failed."""

    target: str
    state: str
    job_id: str = ""
    reasons: list[str] = field(default_factory=list)

    @property
    def reason(self) -> str:
        return "\n".join(self.reasons)


@dataclass
class Report:
    """`tail` has the last lines that belong to no action: the reason when the CLI itself failed."""

    outcomes: dict[str, Outcome] = field(default_factory=dict)
    tail: list[str] = field(default_factory=list)
    _latest: Outcome | None = None

    def parse_line(self, line: str) -> Outcome | None:
        """The outcome that this line starts or completes; None for a line outside of actions."""
        text = COLOUR.sub("", line.rstrip())
        if match := HEADLINE.match(text):
            self._latest = Outcome(match[2], STATES[match[1]])
            self.outcomes[match[2]] = self._latest
        elif self._latest is not None and (match := JOB.match(text)):
            # The CLI prints it below the action, without its name.
            self._latest.job_id = match[1]
        elif self._latest is not None and self._latest.state == "FAILED":
            if text.strip() and not NO_REASON.match(text):
                self._latest.reasons.append(text.strip())
        else:
            # The last lines have the reason when the CLI itself fails.
            self.tail = [*self.tail, text.strip()][-20:]
            return None
        return self._latest
