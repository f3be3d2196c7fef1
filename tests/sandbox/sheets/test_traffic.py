"""Quotas, faults, and the calls counted."""

import pytest
import requests
from gspread.exceptions import APIError


def test_calls_are_counted_by_what_they_cost(sheets, book):
    book.sheet1.update([["x"]], "A1")
    sheets.forget_calls()
    book.values_get("A1")
    book.values_clear("A1")
    book.values_clear("A1")
    counted = sheets.calls()
    assert (counted["reads"], counted["writes"]) == (1, 2)
    assert [call["kind"] for call in counted["calls"]] == ["values.get", "values.clear", "values.clear"]
    assert {call["caller"] for call in counted["calls"]} == {"owner@example.com"}


def test_drive_does_not_draw_on_the_quota_of_sheets(sheets, book):
    sheets.forget_calls()
    book.list_permissions()
    assert (sheets.calls()["reads"], sheets.calls()["writes"]) == (0, 0)


def test_a_quota_is_each_callers_own_reads_and_writes_apart(sheets, book):
    book.share("other@example.com", "user", "writer", notify=False)
    other = sheets.client("sandbox.other@example.com")
    sheet = book.sheet1
    sheets.quota(read=2, write=1)
    for _ in range(2):
        book.values_get("A1")
    with pytest.raises(APIError, match="Quota exceeded for quota metric 'Read requests'") as refused:
        book.values_get("A1")
    assert refused.value.response.status_code == 429
    assert refused.value.response.json()["error"]["status"] == "RESOURCE_EXHAUSTED"
    sheet.update([["x"]], "A1")
    with pytest.raises(APIError, match="Write requests per minute per user"):
        sheet.update([["y"]], "A1")
    assert other.open_by_key(book.id).values_get("A1")["values"] == [["x"]]


def test_a_project_has_a_quota_too_for_all_users_together(sheets, book):
    sheets.quota(read=1)
    for number in range(6):
        book.share(f"user{number}@example.com", "user", "reader", notify=False)
    clients = [sheets.client(f"sandbox.user{number}@example.com").http_client for number in range(6)]
    for client in clients[:5]:
        client.values_get(book.id, "A1")
    with pytest.raises(APIError, match="limit 'Read requests per minute' of service"):
        clients[5].values_get(book.id, "A1")


def test_googles_quota_is_the_default(sheets):
    answer = requests.delete(f"{sheets.control}/quota", timeout=10)
    assert answer.json() == {"read": 60, "write": 60}


@pytest.mark.parametrize("answer", [429, 500, 503])
def test_a_fault_strikes_once_and_nothing_has_happened(sheets, book, answer):
    sheets.fault(kind="values.update", answer=str(answer))
    with pytest.raises(APIError) as failed:
        book.sheet1.update([["x"]], "A1")
    assert failed.value.response.status_code == answer
    assert book.sheet1.get("A1") == [[]]
    book.sheet1.update([["x"]], "A1")


def test_a_fault_may_lose_only_the_answer(sheets, book):
    sheets.fault(kind="write", answer="503", applied=True)
    with pytest.raises(APIError):
        book.sheet1.update([["x"]], "A1")
    assert book.sheet1.get("A1") == [["x"]]


def test_a_connection_ends_inside_the_answer(sheets, book):
    sheets.fault(kind="any", answer="reset")
    with pytest.raises(requests.exceptions.ChunkedEncodingError):
        book.values_get("A1")


def test_a_fault_waits_for_its_turn(sheets, book):
    sheets.fault(kind="read", answer="500", skip=1, times=2)
    book.values_get("A1")
    book.values_clear("A1")
    for _ in range(2):
        with pytest.raises(APIError):
            book.values_get("A1")
    book.values_get("A1")


def test_a_fault_states_when_to_retry(sheets, book):
    sheets.fault(kind="read", answer="429", retry_after=7)
    with pytest.raises(APIError) as refused:
        book.values_get("A1")
    assert refused.value.response.headers["Retry-After"] == "7"


@pytest.mark.parametrize(
    "wish", [{"kind": "read"}, {"kind": "read", "answer": "418"}, {"kind": "a", "answer": "500", "x": 1}]
)
def test_a_fault_that_cannot_be_injected_is_refused(sheets, wish):
    assert sheets.fault(**wish).status_code == 400
