"""Preconditions on generations, which make a write happen once.

https://cloud.google.com/storage/docs/request-preconditions
"""

from sandbox.storage.call import Call
from sandbox.storage.catalogue import StoredObject
from sandbox.storage.errors import NotModified, PreconditionFailed

REFUSED = "At least one of the pre-conditions you specified did not hold."


def check(call: Call, stored: StoredObject | None, prefix: str = "if", reading: bool = False) -> None:
    """A missing object has generation 0. Raises PreconditionFailed, or NotModified for a read."""
    names = [name for name in call.query if name.startswith(prefix) and name.endswith("Match")]
    if names:
        generation, metageneration = (stored.generation, stored.metageneration) if stored else (0, 0)
        compare(call, names, {"Generation": generation, "Metageneration": metageneration}, prefix, reading)


def check_metageneration(call: Call, metageneration: int, reading: bool = False) -> None:
    names = [name for name in call.query if name.startswith("ifMetageneration")]
    compare(call, names, {"Metageneration": metageneration}, "if", reading)


def compare(call: Call, names: list[str], actual: dict[str, int], prefix: str, reading: bool) -> None:
    for kind, number in actual.items():
        if f"{prefix}{kind}Match" in names and call.integer(f"{prefix}{kind}Match") != number:
            raise PreconditionFailed(REFUSED)
        if f"{prefix}{kind}NotMatch" in names and call.integer(f"{prefix}{kind}NotMatch") == number:
            raise NotModified if reading else PreconditionFailed(REFUSED)
