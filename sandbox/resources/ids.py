"""Ids that the server generates.

They are derived from the request and not random: a recorded apply, in which later requests name resources
that earlier ones created, can be replayed in another sandbox.
"""

import hashlib
import itertools
import json
import uuid
from collections.abc import Callable, Mapping

from sandbox.resources.service import Service
from sandbox.resources.store import Json


def numeric_id(text: str) -> str:
    """The unique id of a service account: a number of 21 digits."""
    return f"1{int.from_bytes(hashlib.sha256(text.encode()).digest()) % 10**20:020}"


# The format of an id, from 32 bytes. Monitoring has numbers; the other APIs have UUIDs.
FORMATS: Mapping[str, Callable[[bytes], str]] = {
    "number": lambda digest: str(10**18 + int.from_bytes(digest) % (9 * 10**18)),
    "uuid": lambda digest: str(uuid.UUID(bytes=digest[:16], version=4)),
}


def generate_id(service: Service, collection: str, style: str, body: Json) -> str:
    """An id that no resource of the collection has."""
    sent = json.dumps(body, sort_keys=True)
    digests = (hashlib.sha256(f"{collection} {sent} {n}".encode()).digest() for n in itertools.count())
    ids = (FORMATS[style](digest) for digest in digests)
    return next(number for number in ids if not service.store.get(service.key(f"{collection}/{number}")))
