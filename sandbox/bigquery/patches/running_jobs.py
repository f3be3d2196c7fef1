"""Write a job when it begins to run and when it is done, and the statements of a script together with the script.

Version: local-bigquery 0.3.2.
Reason: a write of a job takes 4 ms of a processor and waits for the disk (2026-11-29). Nothing reads a job between
its submission and its beginning, unless all threads are busy. local-bigquery writes a job for each statement of a
script, one after the other, just before it writes that the script is done: a sixth of the time of an incremental model.
Upstream change that removes it: a job store in memory.
"""

import json
from collections.abc import Callable
from typing import Any

type Key = tuple[str, str]
type Save = Callable[[Any], Any]

INSERT = "INSERT OR REPLACE INTO emulator.jobs SELECT unnest(?), unnest(?), unnest(?), unnest(?), unnest(?), unnest(?)"


class UnwrittenJobs:
    """Jobs that no thread has begun, and jobs of statements by the script they belong to.

    `write` executes an SQL statement with parameters in a transaction of its own.
    """

    def __init__(self, write: Callable[[str, list[Any]], None]) -> None:
        self.write = write
        self.submitted: dict[Key, Any] = {}
        self.statements: dict[Key, list[Any]] = {}

    def saving(self, save: Save) -> Save:
        def save_patched(job: Any) -> Any:
            project, script = job.jobReference.projectId, job.statistics.parentJobId
            key = (project, job.jobReference.jobId)
            if job.status.state == "PENDING":
                self.submitted[key] = job
            elif script:
                self.statements.setdefault((project, script), []).append(job)
            elif job.status.state == "DONE":
                self.save_together([*self.statements.pop(key, []), job], save)
            else:
                save(job)
                self.submitted.pop(key, None)
            return job

        return save_patched

    def save_together(self, jobs: list[Any], save: Save) -> None:
        if len(jobs) == 1:
            save(jobs[0])
            return
        rows = [
            (
                job.jobReference.projectId,
                job.jobReference.jobId,
                job.statistics.parentJobId,
                job.status.state,
                int(job.statistics.creationTime),
                json.dumps(job.dump()),
            )
            for job in jobs
        ]
        self.write(INSERT, [list(column) for column in zip(*rows, strict=True)])

    def loading(self, load: Callable[[str, str], Any]) -> Callable[[str, str], Any]:
        return lambda project, job: self.submitted.get((project, job)) or load(project, job)

    def listing(self, list_jobs: Callable[..., list[Any]]) -> Callable[..., list[Any]]:
        """Submitted jobs are the newest ones, and jobs of a user: those of a script are done when they are saved."""

        def list_patched(
            project: str,
            states: list[str] | None = None,
            parent: str | None = None,
            after: int | None = None,
            before: int | None = None,
        ) -> list[Any]:
            submitted = [
                job
                for (each, _), job in list(self.submitted.items())
                if each == project
                and parent is None
                and "PENDING" in (states or ["PENDING"])
                and (after or 0) <= int(job.statistics.creationTime)
                and (before is None or int(job.statistics.creationTime) <= before)
            ]
            return submitted[::-1] + list_jobs(project, states, parent, after, before)

        return list_patched


def install() -> None:
    from local_bigquery.engine import database
    from local_bigquery.jobs import store

    unwritten = UnwrittenJobs(database.execute)
    store.save = unwritten.saving(store.save)
    store.load = unwritten.loading(store.load)
    store.list_ = unwritten.listing(store.list_)
