"""Which jobs run which image."""

import re
from collections.abc import Mapping

from runtime.delivery import Refused

DIGEST = re.compile(r".+@sha256:[0-9a-f]{64}")
# The jobs of an image move together: a job that stays behind runs old code beside new data.
JOBS = {
    "connector": ("connector", "key-rotation"),
    "pipeline": ("pipeline", "rehearse", "restore"),
    "report": ("report",),
    "sheets_sync": ("sheets-sync",),
}


def images_by_job(images: Mapping[str, str]) -> dict[str, str]:
    """From the image of each package to that of each job; Refused for a tag, which can move, or another name."""
    if unknown := images.keys() - JOBS.keys():
        raise Refused(
            f"unknown image {', '.join(sorted(unknown))}; expected {', '.join(JOBS)}. Nothing was changed."
        )
    for name, image in images.items():
        # Only a digest names the image that was tested.
        if not DIGEST.fullmatch(image):
            raise Refused(
                f"invalid image of {name}: '{image}' has no digest, expected REGISTRY/NAME@sha256:…; "
                "nothing was changed."
            )
    return {job: image for name, image in images.items() for job in JOBS[name]}
