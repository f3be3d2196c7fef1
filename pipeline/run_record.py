"""What a run leaves in ops: its steps, Dataform's actions, sizes of tables, the days that it wrote, and its news.

Two queries a run. Sizes, times and counts of partitions, no rows: roles/bigquery.metadataViewer on ods and dmt is
sufficient. `__TABLES__` is not used: it requires bigquery.tables.getData, which that role does not have:
https://cloud.google.com/bigquery/docs/information-schema-partitions
"""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol

from runtime.amounts import describe_amount
from runtime.errors import describe_error
from runtime.google_errors import CLIENT_ERRORS
from runtime.structured_log import StructuredLog

FOLDER = Path(__file__).parent
RECORD_SCRIPT = (FOLDER / "record.sql").read_text()
NEWS_SCRIPT = (FOLDER / "news.sql").read_text()
FACTS = ("orphans", "orphan_rate", "rejects", "age_minutes")
SEVERITIES = {"error": "ERROR", "warning": "WARNING", "info": "WARNING"}


@dataclass(frozen=True)
class StepRow:
    step: str
    state: str  # succeeded, failed, not run
    started_at: datetime
    seconds: float
    reason: str | None


@dataclass(frozen=True)
class ActionRow:
    """An action of Dataform. kind: table or check. seconds: None where Dataform reports no times."""

    action: str
    kind: str
    state: str
    seconds: float | None
    bad_rows: int | None
    reason: str | None


@dataclass(frozen=True)
class RunRow:
    run_id: str
    schedule: str
    started_at: datetime
    finished_at: datetime
    state: str
    steps: Sequence[StepRow]
    error: str | None


class Client(Protocol):
    """Runs a script with parameters, which are texts, and returns the rows of its last statement."""

    def run_script(self, sql: str, parameters: Mapping[str, str]) -> Iterable[Mapping[str, Any]]: ...


@dataclass
class RunRecord:
    """Collects during the run, and writes at its end. `connect` imports and creates the client."""

    connect: Callable[[], Client]
    log: StructuredLog
    actions: list[ActionRow] = field(default_factory=list)
    release: str = ""

    def add_actions(self, release: str, actions: Iterable[ActionRow]) -> None:
        self.release = release
        self.actions += actions

    def write(self, run: RunRow) -> None:
        """One transaction, then one log line per new finding; a warning if ops cannot be written.

        A failed measurement must not fail a run that transformed its data. The fact `measurement` of the warning
        is what the alert measurement-failed counts: without these rows every other alert stays silent.
        """
        try:
            client = self.connect()
            # In this order: ops.last_night reads the rows of this run.
            [facts] = client.run_script(RECORD_SCRIPT, self._parameters(run))
            news = list(client.run_script(NEWS_SCRIPT, {"run_id": run.run_id}))
        except CLIENT_ERRORS as error:
            reason = describe_error(error)
            self.log(f"could not measure the tables of Dataform: {reason}", "WARNING", measurement="failed")
            return
        # Logged also when nothing is wrong: the alerts need the values of every run.
        self.log("measured the tables of Dataform", **{name: facts[name] for name in FACTS})
        for finding in news:
            log_finding(self.log, finding)

    def _parameters(self, run: RunRow) -> dict[str, str]:
        texts = {name: str(value) for name, value in asdict(run).items() if name != "steps"}
        # Without a Dataform step no partition was written, so no day counts.
        began = [step.started_at for step in run.steps if step.step == "dataform"]
        return texts | {
            "error": run.error or "",
            "release": self.release,
            "steps": to_json(run.steps),
            "actions": to_json(self.actions),
            "changed_since": str(began[0] if began else run.finished_at),
        }


def to_json(rows: Iterable[StepRow | ActionRow]) -> str:
    return json.dumps([asdict(row) for row in rows], default=str)


def log_finding(log: StructuredLog, finding: Mapping[str, Any]) -> None:
    """The facts `finding` and `state` are what the alerts filter by."""
    amount = "" if finding["amount"] is None else f" ({describe_amount(finding['amount'], finding['unit'])})"
    message = f"{finding['state']}: {finding['subject']} {finding['what']}{amount}"
    severity = "INFO" if finding["state"] == "recovered" else SEVERITIES[finding["severity"]]
    facts = {"finding": finding["kind"], "subject": finding["subject"], "state": finding["state"]}
    log(message, severity, **facts, amount=finding["amount"], runbook=finding["runbook"])
