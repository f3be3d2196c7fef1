"""Write a job when it begins to run and when it is done, not also when it is submitted.

Version: local-bigquery 0.3.2.
Reason: a write of a job takes 4 ms of a processor and waits for the disk (2026-11-29), and nothing reads the job
between its submission and its beginning, unless all threads are busy.
Upstream change that removes it: a job store in memory.
"""

from collections.abc import Callable
from typing import Any

type Key = tuple[str, str]


class SubmittedJobs:
    """The jobs that no thread has begun."""

    def __init__(self) -> None:
        self.jobs: dict[Key, Any] = {}

    def saving(self, save: Callable[[Any], Any]) -> Callable[[Any], Any]:
        def save_patched(job: Any) -> Any:
            key = (job.jobReference.projectId, job.jobReference.jobId)
            if job.status.state == "PENDING":
                self.jobs[key] = job
                return job
            saved = save(job)
            self.jobs.pop(key, None)
            return saved

        return save_patched

    def loading(self, load: Callable[[str, str], Any]) -> Callable[[str, str], Any]:
        return lambda project, job: self.jobs.get((project, job)) or load(project, job)

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
                for (each, _), job in list(self.jobs.items())
                if each == project
                and parent is None
                and "PENDING" in (states or ["PENDING"])
                and (after or 0) <= int(job.statistics.creationTime)
                and (before is None or int(job.statistics.creationTime) <= before)
            ]
            return submitted[::-1] + list_jobs(project, states, parent, after, before)

        return list_patched


def install() -> None:
    from local_bigquery.jobs import store

    submitted = SubmittedJobs()
    store.save = submitted.saving(store.save)
    store.load = submitted.loading(store.load)
    store.list_ = submitted.listing(store.list_)
