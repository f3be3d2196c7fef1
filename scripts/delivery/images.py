"""Images of the Run jobs: read, set by digest, read back."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from google.cloud import run_v2

from scripts.delivery import DeliveryError, Refused

DIGEST = re.compile(r".+@sha256:[0-9a-f]{64}")
# The jobs of an image move together: a job that stays behind runs old code beside new data.
JOBS = {
    "connector": ("connector", "key-rotation"),
    "pipeline": ("pipeline", "rehearse", "restore"),
    "sheets_sync": ("sheets-sync",),
}


def images_by_job(images: Mapping[str, str]) -> dict[str, str]:
    """From the image of each package to that of each job; Refused for a tag, which can move, or another name."""
    if unknown := images.keys() - JOBS.keys():
        raise Refused(
            f"unknown image {', '.join(sorted(unknown))}; expected {', '.join(JOBS)}. Nothing was changed."
        )
    for name, image in images.items():
        if not DIGEST.fullmatch(image):
            raise Refused(
                f"invalid image of {name}: '{image}' has no digest, expected REGISTRY/NAME@sha256:…; "
                "nothing was changed."
            )
    return {job: image for name, image in images.items() for job in JOBS[name]}


@dataclass(frozen=True)
class Images:
    """`location` is projects/…/locations/…"""

    client: run_v2.JobsClient
    location: str

    def read(self) -> dict[str, str]:
        """The image of every job of the region, by the job's name."""
        return {
            job.name.rpartition("/")[2]: job.template.template.containers[0].image
            for job in self.client.list_jobs(parent=self.location)
        }

    def set(self, images: Mapping[str, str]) -> None:
        """DeliveryError if a job does not run its image afterwards."""
        for name, image in images.items():
            job = self.client.get_job(name=f"{self.location}/jobs/{name}")
            if job.template.template.containers[0].image != image:
                job.template.template.containers[0].image = image
                self.client.update_job(job=job).result()  # type: ignore[no-untyped-call]
        live = self.read()
        wrong = [name for name, image in images.items() if live.get(name) != image]
        if wrong:
            raise DeliveryError(
                f"{', '.join(wrong)} does not run the delivered image; run the command again."
            )
