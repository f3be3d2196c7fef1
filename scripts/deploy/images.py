"""Images of Run jobs: delivery sets them, and a plan that was made before must not set the older one again.

Terraform ignores changes of an image, but an update sends the whole job, with the image that it read when it made
the plan: hashicorp/terraform-provider-google#13435.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from scripts.deploy.errors import MovedImage
from scripts.deploy.plan import Change, Json, Plan

JOB = "google_cloud_run_v2_job"
# The image that a job (projects/…/jobs/…) runs now; None if the job does not exist.
ReadImage = Callable[[str], str | None]


@dataclass(frozen=True)
class Reverted:
    job: str
    live: str
    planned: str
    is_replaced: bool

    def __str__(self) -> str:
        return f"job {self.job} runs {self.live}, and the plan sets {self.planned}"


def check_images(plan: Plan, read_image: ReadImage) -> None:
    """MovedImage if the plan sets another image than the one that a job runs now."""
    reverted = list(find_reverted(plan, read_image))
    if not reverted:
        return
    remedy = f"Make a new plan: python -m scripts.deploy plan --env {plan.env}"
    if replaced := [each.job.replace("-", "_") for each in reverted if each.is_replaced]:
        remedy = (
            f"A replaced job gets its first image: set images.{', images.'.join(replaced)} in "
            f"environments/{plan.env}.tfvars to what runs, then make a new plan."
        )
    lines = "\n".join(f"  {each}" for each in reverted)
    raise MovedImage(
        f"an image was delivered after this plan was made; nothing was changed\n{lines}\n{remedy}"
    )


def find_reverted(plan: Plan, read_image: ReadImage) -> Iterator[Reverted]:
    for change in plan.changes:
        # A new job has no delivered image yet, and a destroyed one needs none.
        if change.kind != JOB or change.action not in ("update", "replace"):
            continue
        live, planned = read_image(full_name(change)), image_of(change.after)
        if live is not None and live != planned:
            yield Reverted(change.before["name"], live, planned, change.action == "replace")


def full_name(change: Change) -> str:
    before = change.before
    return f"projects/{before['project']}/locations/{before['location']}/jobs/{before['name']}"


def image_of(job: Json) -> str:
    return str(job["template"][0]["template"][0]["containers"][0]["image"])
