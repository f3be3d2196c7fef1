"""The mail server of an environment: SMTP_HOST and its companions; without SMTP_HOST no mail is sent."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from runtime.errors import SettingsError

SUBMISSION_PORT = 587  # RFC 6409
LONGEST_ADDRESS = 254  # characters: RFC 5321, 4.5.3.1.3, without the angle brackets
# RFC 5321 without quoted local parts. Only ASCII, which every server accepts, and no line break, which would
# end a header.
ADDRESS = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]+@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+")


@dataclass(frozen=True)
class MailServer:
    """A submission server. A password is sent only over TLS; without one TLS is used if the server has it."""

    host: str
    port: int
    sender: str
    user: str | None = None
    password: str | None = field(default=None, repr=False)

    @property
    def domain(self) -> str:
        """Of the sender: the ids of its messages end with it."""
        return self.sender.rpartition("@")[2]


def is_address(text: str) -> bool:
    return len(text) <= LONGEST_ADDRESS and ADDRESS.fullmatch(text) is not None


def read_mail_server(environ: Mapping[str, str]) -> MailServer | None:
    """None without SMTP_HOST; SettingsError if a server is set and its settings are incomplete."""
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
