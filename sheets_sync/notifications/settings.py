"""Notification channels that the environment enables; without variables they are off."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from runtime.errors import SettingsError
from sheets_sync.notifications.config import is_address
from sheets_sync.notifications.dispatcher import Channel
from sheets_sync.notifications.mail import MailChannel, MailServer
from sheets_sync.notifications.webhook import WebhookChannel, parse_secret

SUBMISSION_PORT = 587  # RFC 6409


@dataclass(frozen=True)
class NotificationSettings:
    """`server`: None without SMTP_HOST, `webhook_key` without WEBHOOK_SECRET."""

    server: MailServer | None = None
    webhook_key: bytes | None = field(default=None, repr=False)

    def create_channels(self, clock: Callable[[], datetime]) -> dict[str, Channel]:
        """The enabled channels by name."""
        mail: dict[str, Channel] = {"mail": MailChannel(self.server, clock)} if self.server else {}
        hook: dict[str, Channel] = {"webhook": WebhookChannel(self.webhook_key)} if self.webhook_key else {}
        return mail | hook


def read_notification_settings(environ: Mapping[str, str]) -> NotificationSettings:
    secret = environ.get("WEBHOOK_SECRET")
    return NotificationSettings(read_mail_server(environ), parse_secret(secret) if secret else None)


def read_mail_server(environ: Mapping[str, str]) -> MailServer | None:
    """SettingsError if a server is set and its settings are incomplete."""
    host, sender = environ.get("SMTP_HOST"), environ.get("SMTP_FROM") or ""
    user, password = environ.get("SMTP_USER"), environ.get("SMTP_PASSWORD")
    port = environ.get("SMTP_PORT") or str(SUBMISSION_PORT)
    if not host:
        return None
    if not is_address(sender):
        raise SettingsError(f"SMTP_FROM is {sender!r}, expected the mail address of the sender.")
    if not port.isdigit() or not 0 < int(port) < 2**16:
        raise SettingsError(f"SMTP_PORT is {port!r}, expected a port such as {SUBMISSION_PORT}.")
    if bool(user) != bool(password):
        missing = "SMTP_PASSWORD" if user else "SMTP_USER"
        raise SettingsError(f"missing {missing}: set both SMTP_USER and SMTP_PASSWORD, or neither.")
    return MailServer(host, int(port), sender, user or None, password or None)
