"""The keys that open the retail API: several at once, each with an id by which it is revoked."""

import hashlib
import json
import secrets
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

from demo.shop import files

FIRST = "first"


@dataclass(frozen=True)
class Key:
    """`digest` is the SHA-256 of its value, which is told once; a key that is not `good` opens nothing."""

    id: str
    name: str
    created_at: str
    digest: str
    good: bool = True

    def shown(self) -> dict[str, str]:
        return {"id": self.id, "name": self.name, "created_at": self.created_at}


class Keys:
    """Not for several threads at once; the server's one loop is the only reader and writer."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.file = root / "retail-keys.json"
        self.known: dict[str, Key] = {}  # by id, in the order in which they were issued

    def load(self) -> None:
        """What a former process left, or the first key of all."""
        if self.file.exists():
            self.known = {told["id"]: Key(**told) for told in json.loads(self.file.read_text())}
        else:
            self._keep({"1": made("1", FIRST, self._first(), good=True)})

    def find(self, key: str) -> Key | None:
        """The good key of that value."""
        found = [one for one in self.known.values() if secrets.compare_digest(one.digest, digest(key))]
        return found[0] if found and found[0].good else None

    def issue(self, name: str, *, good: bool) -> tuple[Key, str]:
        """A new key and its value, which nobody can ask for again."""
        value = secrets.token_urlsafe(24)
        key = made(secrets.token_hex(8), name, value, good=good)
        self._keep(self.known | {key.id: key})
        return key, value

    def revoke(self, identity: str) -> None:
        self._keep({other: key for other, key in self.known.items() if other != identity})

    def _first(self) -> str:
        """Made at the first start, in a file for whoever needs a key to begin with."""
        file = self.root / "retail-api-key"
        if not file.exists():
            files.write(file, secrets.token_urlsafe(24), mode=0o600)
        return file.read_text().strip()

    def _keep(self, keys: dict[str, Key]) -> None:
        files.write(self.file, json.dumps([asdict(key) for key in keys.values()]))
        self.known = keys


def made(identity: str, name: str, value: str, *, good: bool) -> Key:
    return Key(identity, name, datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"), digest(value), good)


def digest(key: str) -> str:
    return hashlib.sha256(key.encode("utf-8", "surrogateescape")).hexdigest()
