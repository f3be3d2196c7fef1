"""Which mails are sent, run after run: by a real SMTP server, with the log in BigQuery's tables."""

from datetime import UTC, datetime, timedelta

import pytest
from google.api_core.exceptions import ServiceUnavailable

from report.notice_log import APPEND, NoticeLog
from report.outbox import object_name
from runtime.notice_log import RETRY_PERIOD
from tests.fakes.mail_server import FakeMailServer
from tests.report.mails import ANNA, BERT, create_bucket, create_outbox, finding, query_runner, short_night
from tests.report.warehouse import create_ops

COULD_NOT = "could not be copied (3 failed loads)"


@pytest.fixture(scope="module")
def shared_ops(sandbox):
    return create_ops(sandbox.address)


@pytest.fixture
def ops(shared_ops):
    shared_ops.load({"notice_log": []})
    return shared_ops


@pytest.fixture(scope="module")
def store(sandbox):
    return create_bucket(sandbox)


@pytest.fixture
def mail_server():
    with FakeMailServer() as server:
        yield server


@pytest.fixture
def outbox(ops, store, mail_server):
    return create_outbox(query_runner(ops.client), store, mail_server.port)


@pytest.fixture
def both(ops, store, mail_server):
    """To Anna and Bert."""
    return create_outbox(query_runner(ops.client), store, mail_server.port, (ANNA, BERT))


def subjects(server):
    return [message["Subject"].strip() for _, message in server.arrived]


def states(ops):
    """Of ops.notice_log: how often each state is recorded for each target."""
    rows = ops.query("select state, target from ops.notice_log where logged_at > timestamp '2020-01-01'")
    return sorted((row["target"], row["state"]) for row in rows)


def test_news_is_sent_once(ops, outbox, mail_server):
    for _ in range(2):
        assert outbox.send_news(short_night(finding())) == []
    assert subjects(mail_server) == [f"[shop] New: retail/sales {COULD_NOT}."]
    assert states(ops) == [(ANNA, "delivered"), (ANNA, "due")]


def test_another_finding_of_the_same_night_is_a_mail_of_its_own(outbox, mail_server):
    other = finding(subject="retail/products")
    assert outbox.send_news(short_night(finding())) == outbox.send_news(short_night(finding(), other)) == []
    bodies = [message.get_body(("plain",)).get_content() for _, message in mail_server.arrived]
    assert len(bodies) == 2
    assert "- new (error): retail/products" in bodies[1] and "- new (error): retail/sales" not in bodies[1]


def test_every_recipient_receives_the_same_bytes(both, mail_server):
    assert both.send_news(short_night(finding())) == []
    assert [recipients for recipients, _ in mail_server.arrived] == [[ANNA], [BERT]]
    first, second = mail_server.contents
    assert first == second and f"To: {ANNA}, {BERT}".encode() in first


@pytest.mark.parametrize("state", ["known", "recovered"])
def test_what_is_known_or_was_never_reported_is_not_news(outbox, mail_server, state):
    assert outbox.send_news(short_night(finding(state))) == []
    assert mail_server.arrived == []


def test_a_consequence_is_not_news(outbox, mail_server):
    assert outbox.send_news(short_night(finding(explained_by="gap retail/sales"))) == []
    assert mail_server.arrived == []


def test_a_life_of_a_finding_is_three_mails(outbox, mail_server):
    """Of two recoveries the second is of what began again in between."""
    for state in ("new", "known", "worse", "worse", "known", "recovered", "recovered"):
        assert outbox.send_news(short_night(finding(state))) == []
    assert beginnings(mail_server) == ["New", "Worse", "Nothing is wrong. Recovered"]


def test_what_begins_again_after_its_recovery_is_news(outbox, mail_server):
    """The view compares two nights, so it is known when it began again within two nights."""
    for state in ("new", "recovered", "known", "known", "recovered"):
        assert outbox.send_news(short_night(finding(state))) == []
    recovered = "Nothing is wrong. Recovered"
    assert beginnings(mail_server) == ["New", recovered, "Known", recovered]


def beginnings(mail_server):
    return [subject.removeprefix("[shop] ").partition(":")[0] for subject in subjects(mail_server)]


def test_a_run_that_is_killed_before_it_records_sends_the_same_mail_again(ops, store, mail_server):
    """The server accepted the mail, which was not recorded: the next run sends the same bytes and the same id."""
    writes = []

    def run_query(sql, parameters):
        if sql == APPEND:
            writes.append(sql)
            if len(writes) == 2:
                raise ServiceUnavailable("killed here")
        return query_runner(ops.client)(sql, parameters)

    outbox = create_outbox(run_query, store, mail_server.port)
    [problem] = outbox.send_news(short_night(finding()))
    assert problem.startswith("Deliveries could not be recorded, so the next run sends them again: ")
    assert outbox.send_news(short_night(finding())) == []
    first, second = mail_server.contents
    assert first == second
    assert outbox.send_news(short_night(finding())) == []
    assert len(mail_server.contents) == 2


def test_a_run_that_cannot_record_sends_nothing(sandbox, store, mail_server):
    ops = create_ops(sandbox.address)
    ops.query("drop table ops.notice_log")
    [problem] = create_outbox(query_runner(ops.client), store, mail_server.port).send_news(
        short_night(finding())
    )
    assert problem.startswith("No mail is sent: ops.notice_log could not be read: ")
    assert mail_server.attempts == []


def test_a_server_that_is_down_is_a_finding_and_the_mail_comes_later(ops, outbox, mail_server):
    mail_server.__exit__()
    [problem] = outbox.send_news(short_night(finding()))
    assert problem.startswith(f"Mail server 127.0.0.1:{mail_server.port} takes no mail: ")
    assert problem.endswith(" The next run tries again.")
    assert states(ops) == [(ANNA, "due"), (ANNA, "failed")]
    [row] = [row for row in ops.findings() if row["kind"] == "notice"]
    assert (row["subject"], row["state"], row["now"]) == ("mail about last night", "new", 1.0)
    assert row["detail"] in problem
    mail_server.__enter__()
    # A known finding is not news, so this is the mail of the first run.
    assert outbox.send_news(short_night(finding("known"), row)) == []
    assert subjects(mail_server) == [f"[shop] New: retail/sales {COULD_NOT}."]
    assert outbox.send_news(short_night(finding("known"))) == []
    assert len(mail_server.arrived) == 1


def test_an_older_mail_is_sent_before_a_newer_one(outbox, mail_server):
    mail_server.__exit__()
    assert len(outbox.send_news(short_night(finding()))) == 1
    mail_server.__enter__()
    assert outbox.send_news(short_night(finding("recovered"))) == []
    assert [subject.split()[1] for subject in subjects(mail_server)] == ["New:", "Nothing"]


def test_a_recipient_who_is_refused_does_not_keep_the_mail_from_others(both, mail_server, ops):
    mail_server.refused = {ANNA}
    for _ in range(2):
        assert both.send_news(short_night(finding())) == [
            f"127.0.0.1 did not accept the mail to {ANNA}: 550 5.1.1 no such user. The next run tries again."
        ]
    assert [recipients for recipients, _ in mail_server.arrived] == [[BERT]]
    assert mail_server.attempts == [ANNA, BERT, ANNA]
    mail_server.refused = set()
    assert both.send_news(short_night(finding())) == []
    assert [recipients for recipients, _ in mail_server.arrived] == [[BERT], [ANNA]]


def test_a_server_that_goes_down_during_a_mail(both, mail_server, ops):
    """Anna's mail was accepted; the connection is closed while Bert's is sent."""
    mail_server.breaks_after = 1
    [problem] = both.send_news(short_night(finding()))
    assert problem.startswith(f"127.0.0.1 did not accept the mail to {BERT}: ")
    assert states(ops) == [(ANNA, "delivered"), (ANNA, "due"), (BERT, "due"), (BERT, "failed")]
    mail_server.breaks_after = None
    assert both.send_news(short_night(finding())) == []
    assert [recipients for recipients, _ in mail_server.arrived] == [[ANNA], [BERT]]


def test_a_message_that_is_refused_is_sent_again(outbox, mail_server):
    mail_server.answer = "451 4.7.1 try later"
    [problem] = outbox.send_news(short_night(finding()))
    assert "451 4.7.1 try later" in problem
    mail_server.answer = None
    assert outbox.send_news(short_night(finding())) == []
    assert len(mail_server.arrived) == 1


def test_a_removed_recipient_receives_nothing(ops, store, both, mail_server):
    mail_server.refused = {ANNA, BERT}
    assert len(both.send_news(short_night(finding()))) == 2
    mail_server.refused = set()
    only_bert = create_outbox(query_runner(ops.client), store, mail_server.port, (BERT,))
    assert only_bert.send_news(short_night(finding())) == []
    assert [recipients for recipients, _ in mail_server.arrived] == [[BERT]]


def test_a_mail_of_three_days_ago_is_not_sent(ops, store, mail_server):
    mail_server.refused = {ANNA}
    now = datetime.now(UTC)
    before = create_outbox(
        query_runner(ops.client), store, mail_server.port, clock=lambda: now - RETRY_PERIOD
    )
    assert len(before.send_news(short_night(finding(), until=now - RETRY_PERIOD))) == 1
    mail_server.refused = set()
    later = create_outbox(query_runner(ops.client), store, mail_server.port, clock=lambda: now)
    assert later.send_news(short_night(finding("known"))) == []
    assert mail_server.arrived == []


def test_a_mail_whose_object_was_deleted_is_reported(ops, outbox, store, mail_server):
    mail_server.refused = {ANNA}
    outbox.send_news(short_night(finding()))
    [entry] = [row for row in NoticeLog(query_runner(ops.client)).read(datetime.now(UTC)) if row.notice]
    store.delete(object_name(entry.delivery))
    [problem] = outbox.send_news(short_night(finding()))
    assert "was deleted, so this mail is lost." in problem


def test_a_mail_that_was_not_delivered_is_not_news_for_the_next_mail(outbox, mail_server):
    """The server that refuses it would refuse the mail about it, and its recovery."""
    refused = finding(kind="notice", subject="mail about last night")
    assert outbox.send_news(short_night(refused)) == []
    assert mail_server.arrived == []


def test_a_finding_that_returns_after_a_while_is_news(ops, store, mail_server):
    """No run reported its recovery: the report did not run on that night."""
    now = datetime.now(UTC)
    for age in (timedelta(days=10), timedelta(0)):
        at = now - age
        outbox = create_outbox(query_runner(ops.client), store, mail_server.port, clock=lambda at=at: at)
        assert outbox.send_news(short_night(finding(), until=at)) == []
    assert len({message["Message-ID"] for _, message in mail_server.arrived}) == 2


def test_an_erased_record_does_not_fail_the_mail(ops, outbox, mail_server):
    """scripts.erase replaces a text that names a person; the finding is reported again."""
    assert outbox.send_news(short_night(finding())) == []
    ops.query("update ops.notice_log set notice = 'erased' where logged_at > timestamp '2020-01-01'")
    assert outbox.send_news(short_night(finding())) == []
    assert len(mail_server.arrived) == 2


def test_a_verdict_that_cannot_be_read_is_news_and_recovers(outbox, mail_server):
    night = short_night()
    broken = type(night)(
        night.project,
        night.since,
        night.until,
        {name: rows for name, rows in night.rows.items() if name != "findings"},
        ["The section findings could not be read: no such view"],
    )
    for each in (broken, broken, night, night):
        assert outbox.send_news(each) == []
    assert subjects(mail_server) == [
        "[shop] The verdict could not be computed.",
        "[shop] Nothing is wrong.",
    ]
    bodies = [message.get_body(("plain",)).get_content() for _, message in mail_server.arrived]
    assert "- new (error): ops.last_night could not be read" in bodies[0]
    assert "The section findings could not be read: no such view" in bodies[0]
    assert "- recovered (error): ops.last_night could not be read" in bodies[1]
