"""Which findings are news for the readers of the mail. The rule is that of pipeline/news.sql; what was reported is what
earlier mails contained, because a mail may be off, late or lost while the log lines of the pipeline are not.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from report.night import Night, Row

type Key = tuple[str, str]  # kind and subject of a finding

# ops.last_night compares two nights: a finding that was reported before them and is new began again.
TWO_NIGHTS = timedelta(days=2)
# Subject of a mail that was not delivered, in ops.last_night. A mail about it would fail for the same reason, and its
# recovery would be the next mail that fails; the page and the pipeline's alert have it.
MAIL_SUBJECT = "mail about last night"
VERDICT: Key = ("verdict", "ops.last_night")


@dataclass(frozen=True)
class Reported:
    """The newest mail that contained a finding: the finding's state in it, and when it was due."""

    state: str
    at: datetime


def find_news(night: Night, reported: Mapping[Key, Reported]) -> list[Row]:
    """New, worse and recovered findings whose state no mail contained, and known ones whose recovery was reported."""
    if "findings" not in night.rows:
        findings = [describe_verdict_state(night, "new")]
    else:
        findings = [*night.causes]
        if VERDICT in reported:
            findings.append(describe_verdict_state(night, "recovered"))
    return [
        row
        for row in findings
        if row["subject"] != MAIL_SUBJECT and is_news(row["state"], reported.get(key_of(row)), night.until)
    ]


def is_news(state: str, reported: Reported | None, now: datetime) -> bool:
    """The CASE of pipeline/news.sql."""
    last = reported.state if reported else "recovered"
    if state == "new":
        return last == "recovered" or (reported is not None and reported.at < now - TWO_NIGHTS)
    if state == "worse":
        return last != "worse"
    if state == "known":
        # It began again within two nights of its recovery.
        return reported is not None and last == "recovered"
    return last in ("new", "worse", "known")


def key_of(finding: Row) -> Key:
    return str(finding["kind"]), str(finding["subject"])


def describe_verdict_state(night: Night, state: str) -> Row:
    """A finding about the view itself, which cannot report it. The columns are those of ops.last_night."""
    kind, subject = VERDICT
    empty = dict.fromkeys(("was", "now", "usual", "explained_by"))
    detail = next((problem for problem in night.problems if "findings" in problem), None)
    return empty | {
        "kind": kind,
        "subject": subject,
        "state": state,
        "severity": "error",
        "what": "could not be read, so nothing is known about last night",
        "since": night.since,
        "unit": "",
        "detail": detail,
        "runbook": "measurement-failed",
    }
