"""A CRM as a destination: only what changed is sent, every row is answered for."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from email.utils import format_datetime

import pytest

from runtime.errors import StorageError
from sheets_sync.destinations.http.config import parse_http_config
from sheets_sync.destinations.http.failures import reports_failure
from sheets_sync.errors import ExportError, Refused, TargetError, TransientError
from sheets_sync.export_parser import parse_export
from sheets_sync.progress import Progress
from tests.sheets_sync.http.conftest import DECLARED
from tests.sheets_sync.row_counts import count_rows


def person(number, spent="1.50", **changed):
    row = {"name": f"Person {number}", "email": f"p{number}@example.com", "spent": Decimal(spent)} | changed
    return (number, row["name"], row["email"], row["spent"])


def people(last):
    return [person(number) for number in range(1, last + 1)]


def test_all_rows_go_in_batches_and_then_only_what_changed(publish, crm):
    assert count_rows(publish(people(25))) == (25, 0, 0, 0)
    assert [len(rows) for _, _, rows in crm.received] == [10, 10, 5]
    assert crm.contacts[7] == {"id": 7, "name": "Person 7", "email": "p7@example.com", "spent": 1.5}
    crm.received.clear()
    assert count_rows(publish(people(25))) == (0, 0, 0, 0)
    assert crm.received == []
    done = publish([*people(24)[1:], person(25, "2.00"), person(26)])
    assert count_rows(done) == (1, 1, 1, 0)
    assert crm.received == [("POST", "/v1/contacts/batch", [26, 25]), ("DELETE", "/v1/contacts/1", [])]
    assert sorted(crm.contacts) == list(range(2, 27))
    assert [example.detail for example in done.counts.updated.examples] == ["spent: 1.5 → 2"]


def test_numbers_keep_their_digits_and_moments_are_iso(publish, crm, bucket):
    all_digits = Decimal("12345678901234567890123456789.123456789")
    publish([(2**60 + 1, None, "a@example.com", all_digits)])
    assert list(crm.contacts) == [2**60 + 1]
    assert (
        b'"spent":12345678901234567890123456789.123456789'
        in bucket.read_current("sheets_sync/contacts.ndjson").content
    )
    moment = datetime(2017, 1, 1, 12, tzinfo=UTC)
    publish([(2**60 + 1, [date(2017, 1, 1), moment, float("nan")], "a@example.com", None)])
    assert crm.contacts[2**60 + 1]["name"] == ["2017-01-01", "2017-01-01T12:00:00Z", None]


def test_rows_that_the_crm_rejects_are_reported_and_sent_again(publish, crm):
    done = publish([person(1), person(2, email="invalid"), person(3)])
    assert count_rows(done) == (2, 0, 0, 1)
    [example] = done.counts.rejected.examples
    assert (example.key, example.detail) == ("2", "'invalid' is not an address")
    assert [(reported.state, reported.row.key) for reported in done.issues] == [("rejected", "2")]
    crm.received.clear()
    assert count_rows(publish([person(1), person(2), person(3)])) == (1, 0, 0, 0)
    assert crm.received == [("POST", "/v1/contacts/batch", [2])]
    assert count_rows(publish([person(1, email="gone"), person(2), person(3)])) == (0, 0, 0, 1)
    assert crm.contacts[1]["email"] == "p1@example.com"
    assert count_rows(publish([person(1), person(2), person(3)])) == (0, 0, 0, 0)


def test_rows_without_a_key_or_with_the_same_one_are_rejected(publish, crm):
    done = publish([person(1), person(None), person(2), person(2, "9")])
    assert count_rows(done) == (1, 0, 0, 3)
    assert [(item.key, item.detail) for item in done.counts.rejected.examples] == [
        ("nothing", "null key"),
        ("2", "duplicate key: 2 rows have it"),
        ("2", "duplicate key: 2 rows have it"),
    ]
    publish(people(3))
    assert count_rows(publish([person(1), person(2), person(2, "9"), person(3)])) == (0, 0, 0, 2)
    assert sorted(crm.contacts) == [1, 2, 3]  # still in the mart, so not deleted


def test_a_row_that_spoils_its_batch_is_found(publish, crm):
    rows = [*people(9), person(10, name="<poison>")]
    done = publish(rows)
    assert count_rows(done) == (9, 0, 0, 1)
    [example] = done.counts.rejected.examples
    assert example.key == "10" and "answered 422" in example.detail
    assert sorted(crm.contacts) == list(range(1, 10))


def test_batches_that_are_too_large_are_halved(publish, crm):
    crm.most = 3
    assert count_rows(publish(people(10))) == (10, 0, 0, 0)
    assert len(crm.contacts) == 10


@pytest.mark.parametrize("fault", [429, 500, 502, 503, "reset"])
@pytest.mark.parametrize("applied", [False, True])
@pytest.mark.parametrize("at", range(3))
def test_a_fault_at_any_request_changes_nothing_in_the_end(publish, crm, fault, applied, at):
    publish(people(3))
    crm.received.clear()
    crm.keys.clear()
    for _ in range(at):
        crm.fault(None, applied=True)
    crm.fault(fault, applied)
    rows = [person(number, "9.00") for number in range(2, 14)]
    assert count_rows(publish(rows)) == (10, 2, 1, 0)
    assert sorted(crm.contacts) == list(range(2, 14))
    assert {contact["spent"] for contact in crm.contacts.values()} == {9.0}
    assert len(crm.received) == 4
    assert crm.keys[at] == crm.keys[at + 1]  # sent again under the same key


def test_retry_after_of_a_busy_crm_is_honoured(publish, crm, waits):
    crm.fault(429, Retry_After="7")
    publish(people(1))
    assert 7 <= waits[0] <= 8


def test_a_long_sync_reports_its_progress(publish, crm):
    message = []

    class Heard(Progress):
        def set_step(self, step):
            message.append(step)

    publish(people(30), progress=Heard(message.append))
    assert message == ["request 0 of 3", "request 1 of 3", "request 2 of 3"]


def test_what_was_taken_before_the_crm_went_down_is_remembered(publish, crm):
    for status in (None, *[503] * 5):
        crm.fault(status, applied=status is None)
    with pytest.raises(TransientError, match="answered 503"):
        publish(people(25))
    assert len(crm.contacts) == 10
    crm.received.clear()
    assert count_rows(publish(people(25))) == (15, 0, 0, 0)
    assert [len(rows) for _, _, rows in crm.received] == [10, 5]


@pytest.fixture
def killed(bucket, monkeypatch):
    """A run of which nothing is written after it began to send."""

    def run(publish, rows):
        write, writes = type(bucket).replace, []

        def only_first(*arguments, **options):
            writes.append(arguments)
            if len(writes) > 1:
                raise KeyboardInterrupt
            return write(*arguments, **options)

        with monkeypatch.context() as patched, pytest.raises(KeyboardInterrupt):
            patched.setattr(type(bucket), "replace", only_first)
            publish(rows)

    return run


def test_a_run_that_was_killed_sends_again(publish, crm, killed):
    publish(people(2))
    rows = [person(1, "7"), person(2), person(3)]
    killed(publish, rows)
    assert count_rows(publish(rows)) == (1, 1, 0, 0)
    assert count_rows(publish(rows)) == (0, 0, 0, 0)
    assert len(crm.contacts) == 3


@pytest.mark.parametrize("delete", [{"path": "/contacts/{id}"}, {"flag": "archived"}])
def test_what_a_killed_run_brought_and_the_mart_no_longer_has_is_deleted(
    publish, crm, killed, declared, delete
):
    declared["destination"]["delete"] = delete
    publish(people(2))
    killed(publish, people(3))
    assert 3 in crm.contacts
    assert count_rows(publish(people(2))) == (0, 0, 1, 0)
    assert sorted(crm.contacts) == [1, 2]


def test_a_row_that_was_announced_and_never_sent_is_dropped_from_the_state(publish, crm):
    """The CRM stays down: rows of later batches are removed from the state."""
    for status in (None, *[503] * 5):
        crm.fault(status, applied=status is None)
    with pytest.raises(TransientError):
        publish(people(25))
    crm.received.clear()
    assert count_rows(publish(people(20), accept_row_loss=True)) == (10, 0, 0, 0)
    assert [len(rows) for _, _, rows in crm.received] == [10]


def test_two_runs_at_once_do_not_mix_what_they_remember(publish, crm, bucket, monkeypatch):
    publish(people(1))
    seen = bucket.read_current("sheets_sync/contacts.ndjson")
    publish(people(2))
    monkeypatch.setattr(type(bucket), "read_current", lambda *arguments: seen)
    with pytest.raises(StorageError, match="was written by another run meanwhile"):
        publish(people(3))


@pytest.mark.parametrize("repeated", [1, 50], ids=["short", "longer than the excerpt"])
def test_an_error_about_a_wrong_key_does_not_contain_the_key(publish, crm, repeated):
    with pytest.raises(TargetError, match="answered 401 .*Check the API key") as refused:
        publish(people(1), key="wrong-key" * repeated)
    assert "wrong-key" not in str(refused.value)
    assert len(crm.received) == 1


def test_an_unreachable_server_is_an_error(publish, crm):
    crm.server.server_close()
    with pytest.raises(TransientError, match="cannot be reached"):
        publish(people(1))


def test_a_mart_that_shrank_is_refused_unless_it_is_right(publish, crm):
    publish(people(10))
    with pytest.raises(Refused, match="6 of the 10 rows .* allows 50 %"):
        publish(people(4))
    assert len(crm.contacts) == 10
    assert count_rows(publish(people(4), accept_row_loss=True)) == (0, 0, 6, 0)


def test_deleted_rows_may_be_flagged(publish, crm, declared):
    declared["destination"]["delete"] = {"flag": "archived"}
    publish(people(3))
    assert count_rows(publish(people(2))) == (0, 0, 1, 0)
    assert sorted(crm.contacts) == [1, 2]
    assert count_rows(publish(people(2))) == (0, 0, 0, 0)


def test_an_upsert_deletes_nothing(publish, crm, declared):
    declared["mode"] = "upsert"
    publish(people(3))
    assert count_rows(publish(people(1))) == (0, 0, 0, 0)
    assert len(crm.contacts) == 3


def test_another_crm_knows_nothing(publish, crm, declared):
    publish(people(2))
    declared["destination"]["path"] = "/contacts/other"
    assert count_rows(publish(people(2))) == (2, 0, 0, 0)


def test_a_state_that_others_changed_is_ignored(publish, crm, bucket):
    publish(people(2))
    name = "sheets_sync/contacts.ndjson"
    bucket.replace(name, b"not ours\n", bucket.read_current(name).generation)
    assert count_rows(publish(people(2))) == (2, 0, 0, 0)


def test_requests_keep_a_pace(publish, crm, declared, waits):
    declared["destination"]["per_second"] = 4
    publish(people(30))
    assert waits == pytest.approx([0.25, 0.5], abs=0.15)


@pytest.mark.parametrize(
    ("part", "value", "message"),
    [
        ("path", "contacts", "destination.path is 'contacts', expected a path that begins with /"),
        ("batch", 0, "destination.batch is 0, expected a whole number from 1 to 10000"),
        ("method", "GET", "destination.method is 'GET', expected one of POST, PUT, PATCH"),
        ("url", "https://x", "unknown field `url`"),
        ("auth", {"cookie": "x"}, "destination.auth: "),
        (
            "results",
            {"rows": "r", "status": "s", "accepted": []},
            "destination.results.accepted is [], expected a list with at least one status",
        ),
        ("delete", {}, "either `path` or `flag`"),
        ("delete", {"path": "/contacts"}, "expected a path that contains the key: {id}"),
        ("delete", {"flag": "email"}, "expected a name that no column has"),
    ],
)
def test_an_invalid_value_is_named(part, value, message):
    declared = DECLARED["destination"] | {part: value}
    with pytest.raises(ExportError) as refused:
        parse_http_config("contacts.yaml", declared, ["id", "name", "email", "spent"], ["id"])
    assert str(refused.value).startswith("contacts.yaml: destination") and message in str(refused.value)


def test_an_api_has_no_tab():
    assert parse_export("contacts", "contacts.yaml", DECLARED).tab == ""


def test_207_without_declared_results_is_an_error_and_its_rows_are_sent_again(publish, crm, declared):
    del declared["destination"]["results"]
    crm.fault(207, applied=True)
    with pytest.raises(TargetError, match="answered 207 .* declare destination.results"):
        publish(people(3))
    crm.received.clear()
    assert count_rows(publish(people(3))) == (3, 0, 0, 0)
    assert crm.received == [("POST", "/v1/contacts/batch", [1, 2, 3])]


@pytest.mark.parametrize(
    "body",
    [
        {"status": "COMPLETE", "results": [], "numErrors": 1, "errors": [{"message": "no email"}]},
        {"hasErrors": True, "results": [{"id": 1}]},
        [{"id": "003", "success": True, "errors": []}, {"success": False, "errors": [{"message": "no"}]}],
        {"items": [{"id": 1, "error": None}, {"id": 2, "error": "no email"}]},
        {"data": {"results": {"failed": [{"id": 2}]}}},
        {"failedCount": 1, "successCount": 1},
        {"failed_rows": 2},
        {"RejectedRecords": [{"id": 1}]},
        {"total_errors": "1"},
        {"ok": False},
        {"success": "false"},
        {"status": "error", "message": "no email"},
        {"status": "PARTIAL_FAILURE"},
        [{"id": 1, "status": 201}, {"id": 2, "status": 422}],
        {"responses": [{"code": "200"}, {"code": "400", "body": {}}]},
        {"compositeResponse": [{"httpStatusCode": 400, "body": [{"message": "no"}]}]},
        {"result": {"invalid": {"2": "no email"}}},
        {"unprocessedItems": [{"id": 2}]},
        {"batches": [{"rows": [{"id": 1, "errors": ["no email"]}]}]},
    ],
)
def test_a_success_that_reports_failed_rows_is_an_error_without_results(publish, crm, declared, body):
    del declared["destination"]["results"]
    crm.upsert = lambda rows: (200, body)
    with pytest.raises(TargetError, match="answered 200 with failures: .* Declare destination.results"):
        publish(people(2))
    del crm.upsert
    assert count_rows(publish(people(2))) == (2, 0, 0, 0)


@pytest.mark.parametrize(
    "body", [None, {}, [], {"results": [{"id": 1, "success": True, "errors": []}]}, {"error": None}, "taken"]
)
def test_a_success_without_failures_needs_no_results(publish, crm, declared, body):
    del declared["destination"]["results"]
    crm.upsert = lambda rows: (200, body)
    assert count_rows(publish(people(2))) == (2, 0, 0, 0)


@pytest.mark.parametrize(
    "body",
    [
        {"rows": [{"code": 404, "status": "failed", "errors": ["x"]}], "status": "ok"},
        {"status": "COMPLETE", "failedCount": 0, "errors": [], "hasErrors": False, "rejected": "0"},
        {"code": 200, "message": "2 taken", "invalid": None, "total": 404, "terrors": 5},
        [{"id": 1, "status": "created"}, {"id": 2, "status": 201}],
    ],
)
def test_rows_that_an_api_returns_and_counts_of_nothing_are_accepted(body):
    assert not reports_failure(body, {"code", "status", "errors"} if "rows" in body else ())


@pytest.mark.parametrize("page", [b"<!DOCTYPE html><title>Log in</title>", b"\n<html><body>Blocked"])
def test_a_page_of_a_proxy_is_an_error(publish, crm, declared, page):
    del declared["destination"]["results"]
    crm.upsert = lambda rows: (200, page)
    with pytest.raises(TargetError, match="answered 200 with a page instead of its results"):
        publish(people(2))
    del crm.upsert
    assert count_rows(publish(people(2))) == (2, 0, 0, 0)


def test_retry_after_as_a_date_is_honoured(publish, crm, waits):
    date_in_future = format_datetime(datetime.now(UTC) + timedelta(seconds=60), usegmt=True)
    crm.fault(503, Retry_After=date_in_future)
    publish(people(1))
    assert 50 <= waits[0] <= 62
