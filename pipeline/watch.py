"""The first runs after a release judge it: a bad one is rolled back by the job `restore`, once.

A run judges the release if it began after it and no source failed in it. The release is bad if an action of Dataform
failed - a table or a check - or if the rows of a day left their band (band.sql). Dataform that could not be reached, a
cancelled invocation and a failed sync say nothing about it.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipeline.errors import StepError
from pipeline.plan import COPY_PREFIX, TRANSFORM
from pipeline.run_record import ActionRow, Client, RunRow
from runtime.errors import describe_error
from runtime.google_errors import CLIENT_ERRORS
from runtime.structured_log import StructuredLog

FOLDER = Path(__file__).parent
WATCHED_SCRIPT = (FOLDER / "watched.sql").read_text()
BAND_SCRIPT = (FOLDER / "band.sql").read_text()
AUTOMATIC = "automatic: "  # begins the reason of a rollback that no person started
# Time travel of BigQuery reaches back seven days: a release is not watched until its rollback is impossible.
LONGEST_WATCH_HOURS = 72
# Read, and appended again with another state, while it is still watched.
ACCEPT_SCRIPT = """
INSERT INTO ops.releases (`release`, state, kind, scope, `commit`, dataform_commit, images, plan, moment, columns,
  schedules, target, reason, actor, logged_at)
SELECT `release`, 'accepted', kind, scope, `commit`, dataform_commit, images, plan, moment, columns, schedules, target,
  @reason, SESSION_USER(), CURRENT_TIMESTAMP()
FROM ops.releases
WHERE logged_at >= TIMESTAMP '2020-01-01' AND `release` = @release
QUALIFY ROW_NUMBER() OVER (ORDER BY logged_at DESC) = 1 AND state = 'watching'
"""


@dataclass(frozen=True)
class Watch:
    """`limit`: how many runs judge a release; 0 accepts it unjudged. `start` runs the job `restore` with arguments,
    does not wait for it, and returns its execution; StepError if it cannot be started.
    """

    connect: Callable[[], Client]
    start: Callable[[Sequence[str]], str]
    limit: int
    log: StructuredLog

    def judge(self, run: RunRow, actions: Iterable[ActionRow]) -> None:
        """After the last step, which this never fails: a warning if the log of releases cannot be read."""
        try:
            client = self.connect()
            for release in client.run_script(WATCHED_SCRIPT, {"started_at": str(run.started_at)}):
                self._judge_release(client, release, run, list(actions))
        except (*CLIENT_ERRORS, StepError) as error:
            self.log(
                f"could not judge the newest release: {describe_error(error)}", "WARNING", watch="failed"
            )

    def _judge_release(
        self, client: Client, release: Mapping[str, Any], run: RunRow, actions: list[ActionRow]
    ) -> None:
        if is_unfinished(release):
            self._start(
                ["undo", "--unfinished"], f"{release['release']} has not ended: its process was killed"
            )
        elif release["state"] != "watching" or not release["began_after"]:
            return
        elif self.limit == 0:
            self._accept(client, release, "releases are not watched (WATCHED_RUNS is 0)")
        elif sources := failed_sources(run):
            self.log(
                f"{release['release']} is not judged by this run: {', '.join(sources)} failed",
                watch="skipped",
            )
        elif fault := find_fault(actions) or self._leave_band(client, release, run):
            arguments = ["undo", "--release", release["release"], "--reason", fault]
            self._start(
                arguments, f"{release['release']} is rolled back: {fault}", subject=release["release"]
            )
        else:
            self._count(client, release)

    def _leave_band(self, client: Client, release: Mapping[str, Any], run: RunRow) -> str:
        """The days whose rows left their band, in words; "" without one, or if Dataform did not succeed."""
        if state_of(run, TRANSFORM) != "succeeded":
            return ""
        days = client.run_script(BAND_SCRIPT, {"since": str(release["moment"])})
        return "; ".join(
            f"{day['table_name']} has {day['size']} rows on {day['day']}, usual are {day['low']} to {day['high']}"
            for day in days
        )

    def _count(self, client: Client, release: Mapping[str, Any]) -> None:
        runs, hours = release["good_runs"], release["hours"]
        if runs >= self.limit:
            self._accept(client, release, f"{runs} runs after it were good")
        elif hours >= LONGEST_WATCH_HOURS:
            self._accept(client, release, f"only {runs} of {self.limit} runs judged it within {hours} hours")
        else:
            self.log(f"{release['release']} is watched: {runs} of {self.limit} runs were good", watch="good")

    def _accept(self, client: Client, release: Mapping[str, Any], reason: str) -> None:
        client.run_script(ACCEPT_SCRIPT, {"release": release["release"], "reason": reason})
        self.log(f"{release['release']} is accepted: {reason}", watch="accepted")

    def _start(self, arguments: Sequence[str], message: str, **facts: str) -> None:
        """The fact `watch` is what the alert release-rolled-back matches."""
        execution = self.start(arguments)
        self.log(f"{message}. Its log: {execution}", "ERROR", watch="rollback", **facts)


def is_unfinished(release: Mapping[str, Any]) -> bool:
    """A rollback that the pipeline had started, and whose process was killed."""
    is_own = release["kind"] == "rollback" and str(release["reason"]).startswith(AUTOMATIC)
    return is_own and release["state"] == "rolling out"


def failed_sources(run: RunRow) -> list[str]:
    return [step.step for step in run.steps if step.step.startswith(COPY_PREFIX) and step.state == "failed"]


def state_of(run: RunRow, step: str) -> str:
    """Empty for a step that was not due."""
    return next((row.state for row in run.steps if row.step == step), "")


def find_fault(actions: Iterable[ActionRow]) -> str:
    """The actions of Dataform that failed, with their reasons; "" if none did."""
    failed = [action for action in actions if action.state == "failed"]
    return "; ".join(f"{action.kind} {action.action} failed: {action.reason}"[:300] for action in failed[:5])
