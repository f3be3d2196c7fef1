"""Old keys are revoked when nobody can hold them any more.

A job reads its key when it starts and keeps it to its end; and Google may give out a version that is no
longer the newest for "a few hours": https://cloud.google.com/secret-manager/docs/reference/consistency"""

from datetime import datetime, timedelta

from connector.errors import KeyRejected
from connector.key_rotation.keys import Keys
from connector.key_rotation.secret_manager import Secret, Version
from connector.sources.rest.config import Revocation
from runtime.structured_log import StructuredLog

TURN = timedelta(hours=1)  # longer than a run of the job may take (environments/main.tf)


def retire(secret: Secret, keys: Keys, now: datetime, grace: timedelta, log: StructuredLog) -> None:
    """Revokes and disables all but the newest enabled version, once that is `grace` old and seen to work.

    A version is disabled last, so whoever is killed on the way leaves something that the next run sees."""
    versions = secret.enabled()
    if len(versions) < 2:
        return
    newest, older = versions[0], versions[1:]
    if now - newest.created < grace:
        log(f"{secret.id} keeps its old versions until {newest.created + grace:%Y-%m-%d %H:%M} UTC")
        return
    value = proven(secret, keys, newest)
    if keys.rotation.revoke:
        revoke(secret, keys, older, value, keys.rotation.revoke, now - TURN)
    else:
        log(f"the API of {secret.id} revokes no key: revoke the old one by hand", "WARNING")
    for version in older:
        secret.disable(version)
    numbers = [version.number for version in older]
    log(f"{secret.id} has retired versions {numbers}", version=newest.number, retired=numbers)


def proven(secret: Secret, keys: Keys, newest: Version) -> str:
    value = secret.value(newest)
    try:
        keys.prove(value)
    except KeyRejected as error:
        raise KeyRejected(
            f"version {newest.number} of {secret.name} is refused; its older versions are left alone. {error}"
        ) from error
    return value


def revoke(
    secret: Secret, keys: Keys, older: list[Version], value: str, declared: Revocation, before: datetime
) -> None:
    """The keys of older versions, and those of a turn that died before its key became a version: issued so
    long `before` that the turn is over."""
    present = keys.own(value, declared)
    if present is None:
        raise KeyRejected(
            f"the key of {secret.name} works, but the API does not know it: nothing is revoked."
        )
    holders = (keys.own(secret.value(version), declared) for version in older)
    old = {key.id for key in holders if key}
    until = min(present.created, before)
    old |= {key.id for key in keys.ours(value, declared) if key.created <= until}
    for identity in sorted(old - {present.id}):
        keys.revoke(identity, value)
