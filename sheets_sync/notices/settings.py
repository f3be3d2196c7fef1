"""What the environment says about notices: nothing means that they are off."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Self

from sheets_sync.errors import SettingsError
from sheets_sync.notices import webhook
from sheets_sync.notices.declared import is_address
from sheets_sync.notices.mail import Mail, Server
from sheets_sync.notices.post import Channel
from sheets_sync.notices.webhook import Webhook

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

    def channels(self, clock: Callable[[], datetime]) -> dict[str, Channel]:
        """Those that are switched on."""
        mail: dict[str, Channel] = {"mail": Mail(self.server, clock)} if self.server else {}
        hook: dict[str, Channel] = {"webhook": Webhook(self.key)} if self.key else {}
        return mail | hook


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
