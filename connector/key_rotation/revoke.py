"""Revoke old keys and disable their versions, once no process can use them.

A job reads its key when it starts and uses it to its end, and Secret Manager may serve a version that is no
longer the newest for "a few hours": https://cloud.google.com/secret-manager/docs/reference/consistency
"""

from datetime import datetime, timedelta

from connector.errors import KeyRejected
from connector.key_rotation.keys import SourceKeys
from connector.key_rotation.secret_manager import Secret, Version
from connector.sources.rest.config import Revocation
from runtime.structured_log import StructuredLog

MAX_ROTATION = timedelta(hours=1)  # longer than a run of the job (environments/main.tf)


def retire_old_versions(
    secret: Secret, keys: SourceKeys, now: datetime, grace: timedelta, log: StructuredLog
) -> None:
    """Retire all but the newest enabled version, once that one is older than `grace` and verified.

    Versions are disabled last: after a kill in between, the next run still finds them enabled and repeats the
    revocation.
    """
    versions = secret.enabled_versions()
    # Nothing to retire, and no request is sent to the source.
    if len(versions) < 2:
        return
    newest, older = versions[0], versions[1:]
    # Running jobs may use the previous key until then.
    if now - newest.created < grace:
        log(f"{secret.id} keeps its old versions until {newest.created + grace:%Y-%m-%d %H:%M} UTC")
        return
    value = read_verified_key(secret, keys, newest)
    if keys.rotation.revoke:
        revoke_old_keys(secret, keys, older, value, keys.rotation.revoke, now - MAX_ROTATION)
    else:
        log(f"the API of {secret.id} cannot revoke keys: revoke the old one by hand", "WARNING")
    for version in older:
        secret.disable(version)
    numbers = [version.number for version in older]
    log(f"{secret.id}: retired versions {numbers}", version=newest.number, retired=numbers)


def read_verified_key(secret: Secret, keys: SourceKeys, newest: Version) -> str:
    """Old keys stay while the newest one does not work: they may be the only working ones."""
    value = secret.read_value(newest)
    try:
        keys.verify(value)
    except KeyRejected as error:
        raise KeyRejected(
            f"version {newest.number} of {secret.name} is rejected; its older versions are not retired. {error}"
        ) from error
    return value


def revoke_old_keys(
    secret: Secret,
    keys: SourceKeys,
    older: list[Version],
    value: str,
    declared: Revocation,
    issued_before: datetime,
) -> None:
    """Revoke the keys of older versions, and keys of rotations that were killed before they added a version.

    The latter are the keys that were issued before `issued_before`, so that their rotation is over.
    """
    current = keys.describe(value, declared)
    if current is None:
        raise KeyRejected(
            f"the key of {secret.name} works, but the key API has no record of it: nothing is revoked."
        )
    # A version holds a value, the API revokes by id: so each key is sent to it and returns its record.
    described = (keys.describe(secret.read_value(version), declared) for version in older)
    key_ids = {key.id for key in described if key}
    # Not keys that are newer than the present one: another rotation may be about to store them.
    until = min(current.created, issued_before)
    key_ids |= {key.id for key in keys.list_issued(value, declared) if key.created <= until}
    # Two versions may hold the same key, also the present one.
    for key_id in sorted(key_ids - {current.id}):
        keys.revoke(key_id, value)
