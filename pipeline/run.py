"""A run: the steps of a plan, what became of each, and how it ends."""

from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from pipeline.errors import StepError, Unfinished
from pipeline.plan import Plan, from_step, stopped_by, way_on
from pipeline.report import Report

# Runs one step; StepError if it fails.
Action = Callable[[], None]


@dataclass(frozen=True)
class Outcome:
    step: str
    state: str  # succeeded, failed, not run
    seconds: float = 0.0
    reason: str = ""


@dataclass(frozen=True)
class Run:
    """`clock` counts seconds; only differences of it are used."""

    actions: Mapping[str, Action]
    report: Report
    clock: Callable[[], float]

    def __call__(self, schedule: str, start: str | None) -> None:
        """Every step from `start` on that may run; Unfinished when one failed."""
        outcomes = self.follow(from_step(schedule, start))
        self.report(table(outcomes))
        failed = [outcome for outcome in outcomes if outcome.state == "failed"]
        if failed:
            names = ", ".join(outcome.step for outcome in failed)
            reasons = "\n".join(f"{outcome.step}: {outcome.reason}" for outcome in failed)
            command = way_on(schedule, {outcome.step for outcome in failed})
            raise Unfinished(f"{schedule} failed in {names}.\n{reasons}\nWhen that is mended: {command}")

    def follow(self, plan: Plan) -> list[Outcome]:
        outcomes: list[Outcome] = []
        for group in plan:
            failed = {outcome.step for outcome in outcomes if outcome.state == "failed"}
            with ThreadPoolExecutor(len(group)) as beside:
                outcomes += beside.map(lambda step, failed=failed: self.step(step, failed), group)
        return outcomes

    def step(self, step: str, failed: set[str]) -> Outcome:
        """An error that is no step's own, such as a lost lease, ends the run and comes through."""
        if stopper := stopped_by(failed, step):
            return self.told(Outcome(step, "not run", reason=f"{stopper} failed"))
        began = self.clock()
        try:
            self.actions[step]()
        except StepError as error:
            return self.told(Outcome(step, "failed", self.clock() - began, str(error)))
        return self.told(Outcome(step, "succeeded", self.clock() - began))

    def told(self, outcome: Outcome) -> Outcome:
        severity = "INFO" if outcome.state == "succeeded" else "ERROR"
        sentence = f"{outcome.step} {outcome.state} after {outcome.seconds:.1f} s"
        reason = f": {outcome.reason}" if outcome.reason else ""
        facts = {"step": outcome.step, "state": outcome.state, "seconds": round(outcome.seconds, 1)}
        self.report(sentence + reason, severity, **facts)
        return outcome


def table(outcomes: list[Outcome]) -> str:
    rows = [(one.step, one.state, f"{one.seconds:.1f}") for one in outcomes]
    widths = [max(len(row[column]) for row in [*rows, ("step", "", "seconds")]) for column in range(3)]
    lines = [("step", "", "seconds"), *rows]
    return "\n".join(
        f"{step:<{widths[0]}}  {state:<{widths[1]}}  {seconds:>{widths[2]}}" for step, state, seconds in lines
    )
