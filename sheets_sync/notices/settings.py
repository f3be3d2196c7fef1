"""What the environment says about notices: nothing means that they are off."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Self

from sheets_sync.errors import SettingsError
from sheets_sync.notices import webhook
from sheets_sync.notices.declared import Notify, is_address
from sheets_sync.notices.mail import Server

SUBMISSION = 587  # RFC 6409


@dataclass(frozen=True)
class Settings:
    """`server` is None without SMTP_HOST, `key` without WEBHOOK_SECRET."""

    server: Server | None = None
    key: bytes | None = field(default=None, repr=False)

    @classmethod
    def read(cls, environment: Mapping[str, str]) -> Self:
        secret = environment.get("WEBHOOK_SECRET")
        return cls(smtp(environment), webhook.key(secret) if secret else None)

    def off(self, notify: Notify) -> list[str]:
        """Sentences about what an export asks for and nobody switched on."""
        mail = notify.mail and not self.server
        hook = notify.webhook and not self.key
        return [
            *(["mail notices are off: SMTP_HOST is not set"] if mail else []),
            *(["webhook notices are off: WEBHOOK_SECRET is not set"] if hook else []),
        ]


def smtp(environment: Mapping[str, str]) -> Server | None:
    """SettingsError where a server is named and cannot be used."""
    host, sender = environment.get("SMTP_HOST"), environment.get("SMTP_FROM") or ""
    user, password = environment.get("SMTP_USER"), environment.get("SMTP_PASSWORD")
    port = environment.get("SMTP_PORT") or str(SUBMISSION)
    if not host:
        return None
    if not is_address(sender):
        raise SettingsError(f"SMTP_FROM is {sender!r}, it must be the address that notices come from.")
    if not port.isdigit() or not 0 < int(port) < 2**16:
        raise SettingsError(f"SMTP_PORT is {port!r}, it must be a port, such as {SUBMISSION}.")
    if bool(user) != bool(password):
        missing = "SMTP_PASSWORD" if user else "SMTP_USER"
        raise SettingsError(f"Missing {missing}: a mail server is used with both or with neither.")
    return Server(host, int(port), sender, user or None, password or None)
