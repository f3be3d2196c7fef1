"""How the job ended, for the command that started it."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Protocol

from runtime.delivery.outcomes import Outcome
from runtime.errors import JobError, describe_error
from runtime.google_errors import CLIENT_ERRORS
from runtime.structured_log import StructuredLog


class Outcomes(Protocol):
    """runtime.delivery.outcomes.OutcomeLog."""

    def write(self, name: str, outcome: Outcome) -> None: ...


class CollectingLog(StructuredLog):
    """`messages`: those of every line that was written."""

    def __init__(self, log: StructuredLog) -> None:
        super().__init__(log.stream, **log.facts)
        self.messages: list[str] = []

    def __call__(self, message: str, severity: str = "INFO", **facts: object) -> None:
        super().__call__(message, severity, **facts)
        self.messages.append(message)


@dataclass(frozen=True)
class Recorder:
    """`name` of the row; empty if no command waits for it, as when the pipeline started the job. `only_failures`: for a
    rollback, whose own row of ops.releases states its success."""

    outcomes: Outcomes
    name: str
    log: CollectingLog
    only_failures: bool = False

    @contextmanager
    def recording(self) -> Iterator[None]:
        """Write the lines of what follows, or its error, which is raised again."""
        try:
            yield
        except JobError as error:
            self._write(Outcome("failed", str(error)))
            raise
        except Exception as error:
            self._write(Outcome("failed", f"unexpected {type(error).__name__}: {error}"))
            raise
        if not self.only_failures:
            self._write(Outcome("done", "\n".join(self.log.messages)))

    def _write(self, outcome: Outcome) -> None:
        """A warning if it cannot be written: the tables are as they should be, and the log has the same lines."""
        if not self.name:
            return
        try:
            self.outcomes.write(self.name, outcome)
        except CLIENT_ERRORS as error:
            self.log(f"the outcome was not written to ops.releases: {describe_error(error)}", "WARNING")
