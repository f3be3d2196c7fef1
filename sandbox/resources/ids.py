"""The ids that Google picks. Here they are made from what was sent: a record of requests, of which later ones
name what earlier ones made, can be sent again to another sandbox.
"""

import hashlib
import itertools
import json
import uuid
from collections.abc import Callable, Mapping

from sandbox.resources.service import Service
from sandbox.resources.store import Json


def unique(text: str) -> str:
    """A service account's number, of 21 digits."""
    return f"1{int.from_bytes(hashlib.sha256(text.encode()).digest()) % 10**20:020}"


# How an id looks, made from 32 bytes. Monitoring counts; the others roll dice.
STYLES: Mapping[str, Callable[[bytes], str]] = {
    "number": lambda digest: str(10**18 + int.from_bytes(digest) % (9 * 10**18)),
    "uuid": lambda digest: str(uuid.UUID(bytes=digest[:16], version=4)),
}


def picked(service: Service, collection: str, style: str, body: Json) -> str:
    """An id that nothing in the collection has."""
    sent = json.dumps(body, sort_keys=True)
    digests = (hashlib.sha256(f"{collection} {sent} {n}".encode()).digest() for n in itertools.count())
    found = (STYLES[style](digest) for digest in digests)
    return next(one for one in found if not service.store.get(service.key(f"{collection}/{one}")))
