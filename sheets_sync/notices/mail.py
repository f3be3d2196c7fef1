"""Notices by SMTP: one message for each address, all of a run over one connection."""

import smtplib
import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime

from sheets_sync.errors import NoticeError
from sheets_sync.notices import words
from sheets_sync.notices.notice import Delivery

TIMEOUT = 15.0  # seconds of silence
IMPLICIT_TLS = 465  # RFC 8314: the port on which TLS comes first
TROUBLES = (smtplib.SMTPException, OSError, ValueError)


@dataclass(frozen=True)
class Server:
    """A submission server. With a password the connection must be encrypted; without, it is where the server
    can."""

    host: str
    port: int
    sender: str
    user: str | None = None
    password: str | None = field(default=None, repr=False)


@dataclass(frozen=True)
class Mail:
    """`clock` tells the date in the header; `trust` which certificates are good."""

    server: Server
    clock: Callable[[], datetime]
    trust: Callable[[], ssl.SSLContext] = ssl.create_default_context
    timeout: float = TIMEOUT

    @contextmanager
    def open(self) -> Iterator[Callable[[Delivery], None]]:
        """A connection, logged in. A message is the server's once it has said 250."""
        server = self.server
        try:
            smtp = self.connected()
        except TROUBLES as error:
            raise NoticeError(
                f"Mail server {server.host}:{server.port} takes no mail: {said(error)}."
            ) from error
        try:
            yield lambda delivery: self.deliver(smtp, delivery)
        finally:
            with suppress(*TROUBLES):
                smtp.quit()
            smtp.close()

    def connected(self) -> smtplib.SMTP:
        server = self.server
        if server.port == IMPLICIT_TLS:
            return self.opened(
                smtplib.SMTP_SSL(server.host, server.port, timeout=self.timeout, context=self.trust())
            )
        return self.opened(smtplib.SMTP(server.host, server.port, timeout=self.timeout))

    def opened(self, smtp: smtplib.SMTP) -> smtplib.SMTP:
        try:
            smtp.ehlo_or_helo_if_needed()
            wanted = self.server.password or smtp.has_extn("starttls")
            if wanted and not isinstance(smtp, smtplib.SMTP_SSL):
                smtp.starttls(context=self.trust())
            if self.server.user and self.server.password:
                smtp.login(self.server.user, self.server.password)
        except BaseException:
            smtp.close()
            raise
        return smtp

    def deliver(self, smtp: smtplib.SMTP, delivery: Delivery) -> None:
        """An address that the server refuses leaves the others alone."""
        try:
            smtp.send_message(self.message(delivery), self.server.sender, [delivery.target.address])
        except TROUBLES as error:
            raise NoticeError(
                f"{self.server.host} did not take the mail to {delivery.target.address}: {said(error)}.",
                lasting=said(error).startswith("5"),
            ) from error

    def message(self, delivery: Delivery) -> EmailMessage:
        """Headers hold names of ours alone; what comes from cells stands in the body."""
        notice, domain = delivery.notice, self.server.sender.rpartition("@")[2]
        made = EmailMessage(SMTP)
        made["Subject"] = words.subject(notice)
        made["From"] = self.server.sender
        made["To"] = delivery.target.address
        made["Date"] = format_datetime(self.clock())
        made["Message-ID"] = f"<{delivery.id}@{domain}>"
        made["List-Id"] = f"<{notice.export.replace('_', '-')}.{notice.project}.sheets-sync>"
        made["Auto-Submitted"] = "auto-generated"  # RFC 3834: nobody on holiday answers
        made.set_content(words.plain(notice))
        made.add_alternative(words.html(notice), subtype="html")
        return made


def said(error: Exception) -> str:
    """The server's own words, which smtplib keeps by address, as bytes."""
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        [(code, answer)] = error.recipients.values()
        return answered(code, answer)
    if isinstance(error, smtplib.SMTPResponseException):
        return answered(error.smtp_code, error.smtp_error)
    return str(error).rstrip(".") or type(error).__name__


def answered(code: int, answer: bytes | str) -> str:
    text = answer.decode("utf-8", "replace") if isinstance(answer, bytes) else answer
    return f"{code} {' '.join(text.split())}".rstrip(".")
