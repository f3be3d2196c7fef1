"""One turn of a secret: a new key that was seen to work becomes its newest version.

The newest version is what a job is given that starts now, whatever its state. So a key is tried before it
becomes a version, and a version that is taken out of use gets a newer one with the key that still works."""

from connector.errors import KeyRejected, NoWorkingKey, SecretRefused, SourceError
from connector.key_rotation.events import Event
from connector.key_rotation.keys import PATIENCE, Issued, Keys
from connector.key_rotation.secret_manager import Secret, Version
from runtime.structured_log import StructuredLog


def rotate(secret: Secret, keys: Keys, event: Event | None, log: StructuredLog) -> None:
    """Without an event at once; for an event unless the secret was rotated after it."""
    versions = secret.enabled()
    if event and (done := served(secret, keys, versions, event)):
        said = f"{secret.id} has version {done.number}, made after it was due: not rotated again"
        log(said, version=done.number)
        return
    before, value = working(secret, keys, versions)
    issued = tried(keys, value)
    version = added(secret, keys, issued, value)
    confirm(secret, keys, version, value)
    log(f"{secret.id} is rotated", rotated=True, version=version.number, before=before.number)


def served(secret: Secret, keys: Keys, versions: list[Version], event: Event) -> Version | None:
    """The newest version, if it was made after the event, has a new key, and that works."""
    if not versions or versions[0].created < event.at:
        return None
    earlier = {secret.value(one) for one in versions if one.created < event.at}
    value = secret.value(versions[0])
    return versions[0] if value not in earlier and works(keys, value, PATIENCE) else None


def works(keys: Keys, value: str, patience: tuple[float, ...] = ()) -> bool:
    try:
        keys.prove(value, patience)
    except KeyRejected:
        return False
    return True


def working(secret: Secret, keys: Keys, versions: list[Version]) -> tuple[Version, str]:
    """The newest version whose key opens the source."""
    for version in versions:
        value = secret.value(version)
        if works(keys, value):
            return version, value
    raise NoWorkingKey(
        f"{secret.name} has no enabled version with a key that {keys.url} lets in. "
        f"Get one from the source and give it to `python -m scripts.secret {secret.id}`."
    )


def tried(keys: Keys, value: str) -> Issued:
    """A new key that works; one that does not is revoked again."""
    issued = keys.issue(value)
    try:
        keys.prove(issued.value, PATIENCE)
    except KeyRejected as error:
        end = withdrawn(keys, issued, value)
        raise KeyRejected(
            f"the key that {keys.url} has just issued does not work{end}; the one before stays. {error}"
        ) from error
    except SourceError as error:
        raise type(error)(f"{error} The new key was not tried{withdrawn(keys, issued, value)}.") from error
    return issued


def added(secret: Secret, keys: Keys, issued: Issued, value: str) -> Version:
    try:
        return secret.add(issued.value)
    except SecretRefused as error:  # after any other the version may be there, and somebody may have read it
        raise SecretRefused(f"{error} The new key is no version{withdrawn(keys, issued, value)}.") from error


def withdrawn(keys: Keys, issued: Issued, value: str) -> str:
    """What became of a new key that nobody has, as the end of a sentence."""
    if issued.id is None:
        return " and lives on unused"
    try:
        keys.revoke(issued.id, value)
    except SourceError as error:
        return f" and could not be revoked ({error})"
    return " and is revoked"


def confirm(secret: Secret, keys: Keys, version: Version, before: str) -> None:
    """The new version is read back and used. Refused, it makes way for the key before, where that works."""
    try:
        keys.prove(secret.value(version), PATIENCE)
    except KeyRejected as error:
        raise KeyRejected(f"{restored(secret, keys, version, before)}: {error}") from error


def restored(secret: Secret, keys: Keys, version: Version, before: str) -> str:
    if secret.enabled()[:1] != [version]:
        secret.disable(version)
        return f"version {version.number} of {secret.name} is disabled, there is a newer one"
    if not works(keys, before):
        return f"version {version.number} of {secret.name} is refused, and so is the key before"
    newest = secret.add(before)
    secret.disable(version)
    return f"version {version.number} of {secret.name} is disabled, {newest.number} is the key before"
