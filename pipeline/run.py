"""A pipeline run: execute the steps of a plan, log each outcome, and report the failures."""

from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime

from pipeline.errors import RunFailed, StepError
from pipeline.plan import CLOSING, REPORT, Plan, Plans, blocked_by, plan_from_step, resume_command
from pipeline.run_record import RunRow, StepRow
from runtime.errors import Terminated, describe_error
from runtime.structured_log import StructuredLog

MAX_PARALLEL_STEPS = 8  # each is one execution that is polled; the work is done elsewhere
# Runs one step; StepError if it fails.
Action = Callable[[], None]


@dataclass(frozen=True)
class Outcome:
    step: str
    state: str  # succeeded, failed, not run
    started_at: datetime
    seconds: float = 0.0
    reason: str = ""


@dataclass(frozen=True)
class Run:
    """`actions` by the name of their step. `clock` counts seconds, of which only differences are used; `now` is
    the time of the logs. `record` receives the run after its last step, whether it succeeded or not.
    """

    run_id: str
    plans: Plans
    actions: Mapping[str, Action]
    log: StructuredLog
    clock: Callable[[], float]
    now: Callable[[], datetime]
    record: Callable[[RunRow], None]

    def execute(self, schedule: str, first_step: str | None) -> None:
        """Run every step from `first_step` on that is not blocked; RunFailed if any failed."""
        started_at, outcomes = self.now(), list[Outcome]()
        try:
            self._run_plan(plan_from_step(self.plans, schedule, first_step), outcomes)
            # Before the error: a person who opens the log sees all steps above it.
            self.log(format_table(outcomes))
            error = describe_failure(self.plans, schedule, outcomes)
        except (Exception, Terminated) as early:
            # For example the lease was lost, or the job was cancelled; what the run did until then is recorded.
            self.record(self._row(schedule, started_at, outcomes, describe_error(early)))
            raise
        # Before the closing steps, because they show this run.
        self.record(self._row(schedule, started_at, outcomes, error))
        closing = self._close(schedule)
        # Both: a page that is missing is a failure of its own.
        if error or closing:
            raise RunFailed("\n".join(text for text in (error, closing) if text))

    def _close(self, schedule: str) -> str | None:
        """Run the closing steps of the schedule; why there is no page, which is a failure of the run.

        The sheet of the verdict is not one: without ops, which it shows, the run has transformed its data. Its
        sync is recorded by itself, and a sync that failed is a finding.
        """
        steps = [step for step in CLOSING[schedule] if step in self.actions]
        outcomes = [self._run_step(step, set()) for step in steps]
        reasons = [each.reason for each in outcomes if each.step == REPORT and each.state == "failed"]
        return f"{schedule} wrote no page: {reasons[0]}" if reasons else ""

    def _row(self, schedule: str, started_at: datetime, outcomes: list[Outcome], error: str | None) -> RunRow:
        steps = [
            StepRow(each.step, each.state, each.started_at, each.seconds, each.reason or None)
            for each in outcomes
        ]
        state = "failed" if error else "succeeded"
        return RunRow(self.run_id, schedule, started_at, self.now(), state, steps, error)

    def _run_plan(self, plan: Plan, outcomes: list[Outcome]) -> None:
        for group in plan:
            failed = {outcome.step for outcome in outcomes if outcome.state == "failed"}
            # `failed` is bound now: a step of the group cannot block another one of it.
            with ThreadPoolExecutor(min(len(group), MAX_PARALLEL_STEPS)) as pool:
                outcomes += pool.map(lambda step, failed=failed: self._run_step(step, failed), group)

    def _run_step(self, step: str, failed: set[str]) -> Outcome:
        """An error that is not a StepError, such as a lost lease, ends the run and is raised."""
        started_at = self.now()
        if blocker := blocked_by(failed, step):
            return self._log_outcome(Outcome(step, "not run", started_at, reason=f"{blocker} failed"))
        start = self.clock()
        try:
            self.actions[step]()
        # Only these: a lost lease must end the run instead of counting as a failed step.
        except StepError as error:
            return self._log_outcome(Outcome(step, "failed", started_at, self.clock() - start, str(error)))
        return self._log_outcome(Outcome(step, "succeeded", started_at, self.clock() - start))

    def _log_outcome(self, outcome: Outcome) -> Outcome:
        """One line with the facts `step`, `state` and `seconds`, which the dashboard reads."""
        severity = "INFO" if outcome.state == "succeeded" else "ERROR"
        message = f"{outcome.step} {outcome.state} after {outcome.seconds:.1f} s"
        reason = f": {outcome.reason}" if outcome.reason else ""
        facts = {"step": outcome.step, "state": outcome.state, "seconds": round(outcome.seconds, 1)}
        self.log(message + reason, severity, **facts)
        return outcome


def describe_failure(plans: Plans, schedule: str, outcomes: list[Outcome]) -> str | None:
    """The steps that failed, why, and the command that resumes the run; None if every step succeeded."""
    failed = [outcome for outcome in outcomes if outcome.state == "failed"]
    if not failed:
        return None
    names = ", ".join(outcome.step for outcome in failed)
    reasons = "\n".join(f"{outcome.step}: {outcome.reason}" for outcome in failed)
    command = resume_command(plans[schedule], schedule, {outcome.step for outcome in failed})
    return f"{schedule} failed in {names}.\n{reasons}\nAfter fixing the cause, run: {command}"


def format_table(outcomes: list[Outcome]) -> str:
    """A text table: step, state, seconds."""
    rows = [("step", "", "seconds")]
    rows += [(outcome.step, outcome.state, f"{outcome.seconds:.1f}") for outcome in outcomes]
    widths = [max(len(row[column]) for row in rows) for column in range(3)]
    return "\n".join(
        f"{step:<{widths[0]}}  {state:<{widths[1]}}  {seconds:>{widths[2]}}" for step, state, seconds in rows
    )
