"""Images of the Run jobs: read, set by digest, read back."""

import time
from collections.abc import Mapping
from dataclasses import dataclass

from google.cloud import run_v2

from runtime.delivery import DeliveryError

POLL_SECONDS = 1.0
TIMEOUT_SECONDS = 300.0


@dataclass(frozen=True)
class Images:
    """`location` is projects/…/locations/…; `jobs` are short names, none for every job of the region."""

    client: run_v2.JobsClient
    location: str
    jobs: tuple[str, ...] = ()

    def read(self) -> dict[str, str]:
        """The image of every job, by the job's name."""
        if self.jobs:
            jobs = [self._get(name) for name in self.jobs]
        else:
            jobs = list(self.client.list_jobs(parent=self.location))
        return {job.name.rpartition("/")[2]: job.template.template.containers[0].image for job in jobs}

    def set(self, images: Mapping[str, str]) -> None:
        """DeliveryError if a job does not run its image afterwards."""
        for name, image in images.items():
            job = self._get(name)
            if job.template.template.containers[0].image != image:
                job.template.template.containers[0].image = image
                self.client.update_job(job=job)
                self._wait(name)
        live = self.read()
        wrong = [name for name, image in images.items() if live.get(name) != image]
        if wrong:
            raise DeliveryError(
                f"{', '.join(wrong)} does not run the delivered image; run the command again."
            )

    def _wait(self, name: str) -> None:
        """By the job itself: reading the operation would need a grant on the whole project."""
        deadline = time.monotonic() + TIMEOUT_SECONDS
        while self._get(name).reconciling and time.monotonic() < deadline:
            time.sleep(POLL_SECONDS)

    def _get(self, name: str) -> run_v2.Job:
        return self.client.get_job(name=f"{self.location}/jobs/{name}")
