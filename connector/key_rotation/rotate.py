"""Rotate one secret: issue a key, verify it, add it as the newest version.

A job that starts reads the newest version, in whatever state that is. So a key is verified before it becomes a
version, and a version that is disabled is first followed by a newer one with the key that still works.
"""

from connector.errors import KeyRejected, NoWorkingKey, SecretRefused, SourceError
from connector.key_rotation.events import RotationEvent
from connector.key_rotation.keys import PROPAGATION_DELAYS, NewKey, SourceKeys
from connector.key_rotation.secret_manager import Secret, Version
from runtime.structured_log import StructuredLog


def rotate(secret: Secret, keys: SourceKeys, event: RotationEvent | None, log: StructuredLog) -> None:
    """Without an event unconditionally; for an event unless the secret was rotated since."""
    # Listed once: what another rotation adds meanwhile is found by confirm_version.
    versions = secret.enabled_versions()
    if event and (newer := find_rotation_since(secret, keys, versions, event)):
        message = f"{secret.id} has version {newer.number}, added after it was due: not rotated again"
        log(message, version=newer.number)
        return
    before, value = find_working_version(secret, keys, versions)
    # Before it becomes a version: a job that starts takes the newest one, whatever it contains.
    new_key = issue_verified_key(keys, value)
    version = add_version(secret, keys, new_key, value)
    confirm_version(secret, keys, version, value)
    log(f"{secret.id} is rotated", rotated=True, version=version.number, before=before.number)


def find_rotation_since(
    secret: Secret, keys: SourceKeys, versions: list[Version], event: RotationEvent
) -> Version | None:
    """The newest version, if it was added after the event, has another key than before, and works."""
    if not versions or versions[0].created < event.at:
        return None
    # A version that a person added with the old key is not a rotation.
    earlier = {secret.read_value(version) for version in versions if version.created < event.at}
    value = secret.read_value(versions[0])
    is_new = value not in earlier and is_accepted(keys, value, PROPAGATION_DELAYS)
    return versions[0] if is_new else None


def is_accepted(keys: SourceKeys, value: str, delays: tuple[float, ...] = ()) -> bool:
    try:
        keys.verify(value, delays)
    except KeyRejected:
        return False
    return True


def find_working_version(secret: Secret, keys: SourceKeys, versions: list[Version]) -> tuple[Version, str]:
    """The newest version whose key the source accepts, and that key."""
    for version in versions:
        value = secret.read_value(version)
        if is_accepted(keys, value):
            return version, value
    raise NoWorkingKey(
        f"{secret.name} has no enabled version with a key that {keys.url} accepts. "
        f"Get one from the source and add it with `python -m scripts.secret {secret.id}`."
    )


def issue_verified_key(keys: SourceKeys, value: str) -> NewKey:
    """A new key that works; one that does not is revoked."""
    new_key = keys.issue(value)
    try:
        keys.verify(new_key.value, PROPAGATION_DELAYS)
    except KeyRejected as error:
        outcome = revoke_unused(keys, new_key, value)
        raise KeyRejected(
            f"the key that {keys.url} has just issued does not work {outcome}; the previous one stays. {error}"
        ) from error
    except SourceError as error:
        outcome = revoke_unused(keys, new_key, value)
        raise type(error)(f"{error} The new key was not verified {outcome}.") from error
    return new_key


def add_version(secret: Secret, keys: SourceKeys, new_key: NewKey, value: str) -> Version:
    """After a SecretError the version may exist and be in use, so only SecretRefused revokes the key."""
    try:
        return secret.add_version(new_key.value)
    except SecretRefused as error:
        outcome = revoke_unused(keys, new_key, value)
        raise SecretRefused(f"{error} The new key is not stored {outcome}.") from error


def revoke_unused(keys: SourceKeys, new_key: NewKey, value: str) -> str:
    """Revoke a key that is not stored anywhere; the outcome as the end of a sentence."""
    if new_key.id is None:
        return "and stays valid, but unused"
    try:
        keys.revoke(new_key.id, value)
    except SourceError as error:
        return f"and could not be revoked ({error})"
    return "and is revoked"


def confirm_version(secret: Secret, keys: SourceKeys, version: Version, previous: str) -> None:
    """Read the new version back and verify its key. If it is rejected, restore the previous key if that works."""
    try:
        keys.verify(secret.read_value(version), PROPAGATION_DELAYS)
    except KeyRejected as error:
        raise KeyRejected(f"{restore_previous(secret, keys, version, previous)}: {error}") from error


def restore_previous(secret: Secret, keys: SourceKeys, version: Version, previous: str) -> str:
    """A description of the outcome."""
    # Another rotation has added a newer one: the previous key must not come after it.
    if secret.enabled_versions()[:1] != [version]:
        secret.disable(version)
        return f"version {version.number} of {secret.name} is disabled, there is a newer one"
    if not is_accepted(keys, previous):
        return f"version {version.number} of {secret.name} is rejected, and so is the previous key"
    # Before the bad version is disabled: `latest` would be a disabled version otherwise.
    newest = secret.add_version(previous)
    secret.disable(version)
    return f"version {version.number} of {secret.name} is disabled, {newest.number} is the previous key"
