"""When who is told what: run after run, with servers that fail in between."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
import requests

from sheets_sync.errors import WarehouseError
from sheets_sync.notices.declared import Notify
from sheets_sync.notices.log import TRIED_FOR
from sheets_sync.notices.mail import Mail, Server
from sheets_sync.notices.notice import cut, of
from sheets_sync.notices.post import Post
from sheets_sync.notices.webhook import Webhook
from sheets_sync.outcome import Counts, Example, Outcome, Tally


class Pages:
    """A log in memory. It may lose the connection after so many writes."""

    def __init__(self):
        self.rows, self.writes_left = [], None

    def read(self, export, now):
        return [row for row in self.rows if row.export == export]

    def write(self, rows):
        if self.writes_left == 0:
            raise WarehouseError("ops.notice_log could not be written: gone")
        self.writes_left = None if self.writes_left is None else self.writes_left - 1
        self.rows += rows


@pytest.fixture
def office(postbox, receiver, clock):
    """A post with both channels, and a run that it tells of."""

    class Office:
        pages, runs = Pages(), 0
        http = requests.Session()
        late = timedelta(0)
        notify = Notify(("anna@example.com", "bert@example.com"), (receiver.url,))

        def run(self, notice, **changed):
            """What could not be told."""
            self.runs += 1

            def now():
                return clock() + self.late

            mail = Mail(Server("127.0.0.1", postbox.port, "data@example.com"), now)
            webhook = Webhook(b"k" * 32, self.http, sleep=lambda seconds: None)
            post = Post({"mail": mail, "webhook": webhook}, self.pages, now)
            return post.tell(self.notify, replace(notice, run_id=f"run_{self.runs}", **changed))

        def mails(self):
            found = [
                (*recipients, message["Subject"].split(" ", 1)[1]) for recipients, message in postbox.arrived
            ]
            postbox.arrived.clear()
            return found

        def hooks(self):
            found = [(headers["webhook-id"], b"sync.change" in body) for headers, body in receiver.got]
            receiver.got.clear()
            return found

    made = Office()
    yield made
    made.http.close()


FAILED = {"error": "Share it.", "counts": {}}
CALM = {"counts": {"inserted": 0}, "examples": ()}
ANNA, BERT = "anna@example.com", "bert@example.com"


def test_a_change_is_told_to_everybody_once(office, notice):
    assert office.run(notice) == []
    said = "daily_sales changed: 2 inserted, 1 updated"
    assert office.mails() == [(ANNA, said), (BERT, said)]
    assert [changed for _, changed in office.hooks()] == [True]
    assert [row.state for row in office.pages.rows] == ["due"] * 3 + ["delivered"] * 3


def test_nothing_changed_nothing_is_told(office, notice):
    assert office.run(notice, **CALM) == []
    assert (office.mails(), office.hooks(), office.pages.rows) == ([], [], [])


def test_failure_and_recovery_once_each(office, notice):
    office.notify = Notify((ANNA,))
    said = []
    for changed in (FAILED, FAILED, FAILED, CALM, CALM, FAILED, {}, CALM):
        office.run(notice, **changed)
        said.append([subject for _, subject in office.mails()])
    failed, recovered = ["daily_sales failed"], ["daily_sales recovered"]
    again = ["daily_sales recovered: 2 inserted, 1 updated"]
    assert said == [failed, [], [], recovered, [], failed, again, []]


def test_what_an_export_does_not_ask_for_is_not_told(office, notice):
    """The incident is remembered all the same: the second failure is news again."""
    office.notify = Notify((ANNA,), on=("failure",))
    said = []
    for changed in ({}, FAILED, CALM, FAILED):
        office.run(notice, **changed)
        said.append(len(office.mails()))
    assert said == [0, 1, 0, 1]
    office.notify = Notify((ANNA,), on=("change",))
    office.run(notice)
    assert office.mails() == [(ANNA, "daily_sales changed: 2 inserted, 1 updated")]


def test_a_notice_that_failed_is_sent_by_the_next_run_with_the_same_id(office, notice, postbox, receiver):
    postbox.refused, receiver.answers = {ANNA}, [(500, {})] * 3
    told = office.run(notice)
    assert [sentence.endswith("The next run tries again.") for sentence in told] == [True, True]
    assert "anna@example.com" in told[0] and "answered 500" in told[1]
    assert [recipient for recipient, _ in office.mails()] == [BERT]
    first = office.hooks()
    postbox.refused = set()
    assert office.run(notice, **CALM) == []
    assert office.mails() == [(ANNA, "daily_sales changed: 2 inserted, 1 updated")]
    assert office.hooks() == first[:1]
    assert office.run(notice, **CALM) == []
    assert (office.mails(), office.hooks()) == ([], [])


def test_what_waits_comes_in_order(office, notice, postbox):
    """A failure that nobody could be told of, and its end: both arrive, the failure first."""
    office.notify = Notify((ANNA,))
    postbox.answer = "451 4.7.1 try later"
    assert len(office.run(notice, **FAILED)) == 1
    assert len(office.run(notice, **CALM)) == 1
    assert len(postbox.attempts) == 2  # the recovery waits for the failure
    postbox.answer = None
    office.run(notice, **CALM)
    assert office.mails() == [(ANNA, "daily_sales failed"), (ANNA, "daily_sales recovered")]


def test_a_notice_that_a_receiver_will_never_take_keeps_no_other_waiting(office, notice, receiver):
    office.notify = Notify((), (receiver.url,))
    receiver.answers = [(400, {})]
    assert len(office.run(notice)) == 1
    receiver.got.clear()
    receiver.answers = [(400, {})]
    assert len(office.run(notice, **FAILED)) == 1
    assert [changed for _, changed in office.hooks()] == [True, False]
    assert [row.state for row in office.pages.rows if row.event == "failure"] == ["due", "delivered"]


def test_a_server_that_is_down_is_told_once_a_target(office, notice, postbox):
    postbox.__exit__()
    office.notify = Notify((ANNA, BERT))
    assert len(office.run(notice)) == 2
    assert len(office.run(notice)) == 2
    postbox.__enter__()
    office.run(notice, **CALM)
    assert [recipient for recipient, _ in office.mails()] == [ANNA, BERT, ANNA, BERT]


def test_after_three_days_nobody_wants_to_know(office, notice, postbox):
    office.notify, postbox.refused = Notify((ANNA,)), {ANNA}
    office.run(notice)
    postbox.refused = set()
    office.late = TRIED_FOR + timedelta(minutes=1)
    assert office.run(notice, **CALM) == []
    assert office.mails() == []


def test_who_is_no_longer_named_is_not_told(office, notice, postbox):
    office.notify, postbox.refused = Notify((ANNA,)), {ANNA}
    office.run(notice)
    postbox.refused, office.notify = set(), Notify((BERT,))
    office.run(notice, **CALM)
    assert office.mails() == []


def test_what_cannot_be_written_down_is_not_sent(office, notice):
    """Else a log that is lost would mean a mail every hour."""
    office.pages.writes_left = 0
    [sentence] = office.run(notice, **FAILED)
    assert sentence == "Nobody is told of daily_sales: ops.notice_log could not be written: gone"
    assert (office.mails(), office.hooks()) == ([], [])


def test_a_run_that_died_after_sending_sends_again_with_the_same_id(office, notice):
    office.pages.writes_left = 1
    [sentence] = office.run(notice)
    assert sentence.startswith("What was sent is not written down, so the next run sends it again: ")
    first = office.hooks()
    office.mails()
    office.pages.writes_left = None
    office.run(notice, **CALM)
    assert office.hooks() == first
    assert len(office.mails()) == 2
    office.run(notice, **CALM)
    assert (office.mails(), office.hooks()) == ([], [])


def test_exports_do_not_hear_of_each_other(office, notice):
    office.notify = Notify((ANNA,))
    office.run(notice, **FAILED)
    office.run(notice, export="weekly", **FAILED)
    assert office.mails() == [(ANNA, "daily_sales failed"), (ANNA, "weekly failed")]


def test_without_servers_it_says_that_notices_are_off(office, notice, clock):
    post = Post({}, office.pages, clock)
    assert post.tell(office.notify, notice) == [
        "Notices by mail are off: SMTP_HOST is not set.",
        "Notices by webhook are off: WEBHOOK_SECRET is not set.",
    ]
    assert post.tell(Notify(), notice) == []
    assert office.pages.rows == []


def test_what_another_release_wrote_is_left_alone(office, notice, postbox):
    office.notify, postbox.refused = Notify((ANNA,)), {ANNA}
    office.run(notice)
    office.pages.rows = [replace(row, notice='{"later": 1}') for row in office.pages.rows]
    postbox.refused = set()
    assert office.run(notice, **CALM) == []
    assert office.mails() == []


def test_rows_that_are_rejected_every_hour_are_no_news(office, notice):
    office.run(notice, counts={"inserted": 0, "updated": 0, "deleted": 0, "rejected": 3, "drift": 1})
    assert office.mails() == []


def test_an_outcome_becomes_a_notice():
    """At most five examples, whatever the cells hold."""
    rows = [Example(f"2017-01-{n:02d}", "Note: a → b\nc") for n in range(1, 9)]
    counts = Counts(inserted=Tally.of([Example("7" * 300)]), updated=Tally.of(rows))
    at = datetime(2026, 11, 21, tzinfo=UTC)
    outcome = Outcome("r", "e", "sheets", "id", "My\ntab", "https://x", "success", at, at, 30, counts)
    told = of(outcome, "shop")
    assert (told.event, told.place, told.rows, told.changed) == ("change", "My tab", 30, True)
    assert told.counts == {"inserted": 1, "updated": 8, "deleted": 0, "rejected": 0, "drift": 0}
    assert told.examples[0] == "inserted " + "7" * 110 + "…"
    assert told.examples[1] == "updated 2017-01-01: Note: a → b c"
    assert len(told.examples) == 5


def test_long_values_are_cut_and_stay_on_one_line():
    assert cut("a\nb\x00\u2028c") == "a b  c"
    assert cut("x" * 120) == "x" * 120
    assert cut("x" * 121) == "x" * 119 + "…"
