"""API keys of the shop: several are valid at once, and each is revoked by its id."""

import hashlib
import json
import secrets
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

from demo.shop.atomic_files import write_atomically

FIRST_KEY_FILE = "retail-api-key"
FIRST_KEY_NAME = "first"
VALUE_BYTES = 24


@dataclass(frozen=True)
class Key:
    """`digest` is the SHA-256 of the value: only the response that issues a key has its value.

    A key that is not `good` is rejected by the API, see the fault `dead_keys`.
    """

    id: str
    name: str
    created_at: str
    digest: str
    good: bool = True

    def as_json(self) -> dict[str, str]:
        return {"id": self.id, "name": self.name, "created_at": self.created_at}


class Keys:
    """Not thread-safe: only the event loop of the server uses it. `by_id` is in the order of creation."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.file = root / "retail-keys.json"
        self.by_id: dict[str, Key] = {}

    def load(self) -> None:
        """The keys of the previous process, or the first key."""
        if self.file.exists():
            self.by_id = {fields["id"]: Key(**fields) for fields in json.loads(self.file.read_text())}
        else:
            self._save({"1": create_key("1", FIRST_KEY_NAME, self._first_value(), valid=True)})

    def find(self, value: str) -> Key | None:
        """The valid key with this value."""
        digest = hash_key(value)
        return next(
            # In constant time: the response time must not show how far two digests agree.
            (key for key in self.by_id.values() if secrets.compare_digest(key.digest, digest) and key.good),
            None,
        )

    def issue(self, name: str, *, valid: bool) -> tuple[Key, str]:
        """A new key and its value, which is not stored."""
        value = secrets.token_urlsafe(VALUE_BYTES)
        key = create_key(secrets.token_hex(8), name, value, valid=valid)
        self._save(self.by_id | {key.id: key})
        return key, value

    def revoke(self, identity: str) -> None:
        self._save({other: key for other, key in self.by_id.items() if other != identity})

    def _first_value(self) -> str:
        """Written to a file: a person needs one key to begin with."""
        file = self.root / FIRST_KEY_FILE
        # A file from an interrupted start is used again: a person may have copied its key already.
        if not file.exists():
            write_atomically(file, secrets.token_urlsafe(VALUE_BYTES), mode=0o600)
        return file.read_text().strip()

    def _save(self, keys: dict[str, Key]) -> None:
        # The file first: if the disk is full, the keys in memory are still those of the file.
        write_atomically(self.file, json.dumps([asdict(key) for key in keys.values()]))
        self.by_id = keys


def create_key(identity: str, name: str, value: str, *, valid: bool) -> Key:
    created = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return Key(identity, name, created, hash_key(value), valid)


def hash_key(value: str) -> str:
    """surrogateescape: a header may have bytes that are not UTF-8."""
    return hashlib.sha256(value.encode("utf-8", "surrogateescape")).hexdigest()
