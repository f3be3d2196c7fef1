"""Texts of a notification: subject, plain text, HTML, and one short text for chat messages."""

import re
from html import escape

from sheets_sync.notifications.notification import Notification

FRACTION = r"\.\d+"
VERBS = {"change": "changed", "failure": "failed", "recovery": "recovered", "rejection": "rejected rows"}


UNCHANGED = "Those rows stay as they were; the others are up to date."


def subject(notification: Notification) -> str:
    """`[retail-platform-prod] daily_sales changed: 2 inserted, 1 updated`. Contains no text of a cell."""
    counts = describe_counts(notification)
    verb = VERBS[notification.event]
    return f"[{notification.project}] {notification.export} {verb}{f': {counts}' if counts else ''}"


def describe_counts(notification: Notification) -> str:
    return ", ".join(f"{count:,} {name}" for name, count in notification.counts.items() if count)


def summary(notification: Notification) -> str:
    place, rows, counts = notification.place, notification.rows, describe_counts(notification)
    if notification.event == "failure":
        return f"{place} could not be brought up to date. The next run tries again."
    if notification.event == "rejection":
        return f"{notification.rejected:,} of {rows:,} rows could not be published to {place}. {UNCHANGED}"
    if notification.event == "recovery":
        return f"{place} is up to date again: {rows:,} rows, {counts or 'none changed'}."
    return f"{place} has changed: {counts}. It has {rows:,} rows now."


def plain_text(notification: Notification) -> str:
    examples = "\n".join(f"- {line}" for line in notification.examples)
    parts = [summary(notification), notification.error or "", examples]
    return "\n\n".join([*filter(None, parts), notification.link, footer(notification)]) + "\n"


def chat_text(notification: Notification) -> str:
    """Subject and plain text, as one message."""
    return f"{subject(notification)}\n\n{plain_text(notification)}"


def html(notification: Notification) -> str:
    examples = "".join(f"<li>{escape(line)}</li>" for line in notification.examples)
    link = escape(notification.link)
    parts = [
        f"<p>{escape(summary(notification))}</p>",
        f"<p>{escape(notification.error)}</p>" if notification.error else "",
        f"<ul>{examples}</ul>" if examples else "",
        f'<p><a href="{link}">{link}</a></p>' if link else "",
        f"<p><small>{escape(footer(notification))}</small></p>",
    ]
    return f"<!doctype html>\n<html><body>{''.join(parts)}</body></html>\n"


def footer(notification: Notification) -> str:
    """Times without fractions of a second, which help no reader."""
    run = f"run {notification.run_id}, {re.sub(FRACTION, '', notification.at)}"
    runbook = f" What to do: {notification.runbook}" if notification.runbook else ""
    return f"Export {notification.export} of project {notification.project}, {run}.{runbook}"
