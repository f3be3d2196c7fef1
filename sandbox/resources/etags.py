"""Etags of resources: a hash of the content, so that every change makes a new one."""

import hashlib
import json

from sandbox.resources.errors import Aborted
from sandbox.resources.store import Json


def with_etag(resource: Json) -> Json:
    content = {field: value for field, value in resource.items() if field != "etag"}
    return content | {"etag": hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()[:32]}


def check_etag(resource: Json, sent: str) -> None:
    """Raises Aborted if a client sends an etag other than the current one; without one it overwrites."""
    if sent and sent != resource["etag"]:
        raise Aborted(f"Etag {sent!r} of {resource['name']!r} is stale. Please retry the read-modify-write.")
