"""The mail about last night: the verdict as its subject and first line, the news, and the chart inline."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from email.message import EmailMessage
from pathlib import Path

from jinja2 import Environment, StrictUndefined

from report import wording
from report.news import key_of
from report.night import Night, Row
from report.picture import Picture
from runtime.mail import one_line, start_message
from runtime.mail_settings import MailServer

FOLDER = Path(__file__).parent
HTML = (FOLDER / "mail.html.jinja").read_text()
TEXT = (FOLDER / "mail.txt.jinja").read_text()
LONGEST_SUBJECT, LONGEST_DETAIL = 200, 300  # characters
SHOWN_FINDINGS = 20


@dataclass(frozen=True)
class MailSettings:
    """runbooks: where their links begin. page: the address of the page, "" if it is unknown."""

    server: MailServer
    recipients: Sequence[str]
    runbooks: str
    page: str = ""


def mail_key(night: Night, news: Sequence[Row]) -> str:
    """Of a day and its news: two runs with the same news name the same mail, which mail programs show once."""
    parts = [night.project, f"{night.until:%Y-%m-%d}", *sorted([*key_of(row), row["state"]] for row in news)]
    return f"msg_{hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:32]}"


def build_mail(
    settings: MailSettings, night: Night, news: Sequence[Row], picture: Picture | None
) -> EmailMessage:
    """Plain text, and HTML that shows the picture, which is part of the mail. Nothing is loaded from a network."""
    key, verdict = mail_key(night, news), wording.describe_verdict(night)
    subject = f"[{night.project}] {one_line(verdict, LONGEST_SUBJECT)}"
    to, list_id = ", ".join(settings.recipients), f"last-night.{night.project}.report"
    message = start_message(settings.server, to, subject, night.until, key, list_id)
    picture_id = f"picture.{key}@{settings.server.domain}"
    values = {
        "night": night,
        "news": news[:SHOWN_FINDINGS],
        "left_out": max(len(news) - SHOWN_FINDINGS, 0),
        "others": len(night.causes) - len([row for row in news if row in night.causes]),
        "verdict": verdict,
        "settings": settings,
        "picture": picture,
        "picture_id": picture_id,
        "wording": wording,
    }
    # Every byte is ASCII, so that a server without 8BITMIME (RFC 6152) accepts it too.
    message.set_content(render(TEXT, values, escape=False), cte="quoted-printable")
    message.add_alternative(render(HTML, values, escape=True), subtype="html", cte="quoted-printable")
    if picture:
        [_, html] = message.iter_parts()
        assert isinstance(html, EmailMessage)
        html.add_related(
            picture.png, "image", "png", cid=f"<{picture_id}>", filename="rows.png", disposition="inline"
        )
    return message


def render(template: str, values: dict[str, object], escape: bool) -> str:
    environment = Environment(
        autoescape=escape, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    # Texts of data are put on one line, so that none of them looks like another finding.
    environment.filters |= {
        "line": lambda text: one_line(str(text or ""), LONGEST_DETAIL),
        "time": wording.format_time,
    }
    return environment.from_string(template).render(values)
