"""Etags of resources: made from what they hold, so that a change is a new one."""

import hashlib
import json

from sandbox.resources.errors import Aborted
from sandbox.resources.store import Json


def given(resource: Json) -> Json:
    """The resource with its etag."""
    held = {field: value for field, value in resource.items() if field != "etag"}
    return held | {"etag": hashlib.sha256(json.dumps(held, sort_keys=True).encode()).hexdigest()[:32]}


def check(resource: Json, sent: str) -> None:
    """Whoever sends an etag has read the resource; a stale one is a conflict, none is no question."""
    if sent and sent != resource["etag"]:
        raise Aborted(f"Etag {sent!r} of {resource['name']!r} is stale. Please retry the read-modify-write.")
