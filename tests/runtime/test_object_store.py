"""The object store: preconditions of Cloud Storage against the sandbox, failures against a scripted server."""

import json
from typing import Any

import pytest
from google.auth.credentials import Credentials

from runtime.errors import StorageError
from tests.fakes.scripted_server import Answer

ODD_NAME = "a b/ü%2F?x=1#&+.json"
WRITTEN = Answer(body=b'{"generation": "7"}')


class CountingCredentials(Credentials):
    """Every refresh gives another token: token-1, token-2, …"""

    def refresh(self, request):
        self.token = f"token-{int((self.token or 'token-0')[6:]) + 1}"


def test_an_object_is_created_once_and_keeps_its_metadata(objects):
    assert objects.create(ODD_NAME, b'{"a": 1}\n', {"rows": "1"})
    assert not objects.create(ODD_NAME, b"other", {"rows": "2"})
    [listed] = objects.list("a b/")
    assert (listed.name, listed.size, listed.metadata) == (ODD_NAME, 9, {"rows": "1"})
    objects.set_metadata(ODD_NAME, {"reason": "because"})
    assert [item.metadata for item in objects.list("a")] == [{"rows": "1", "reason": "because"}]
    assert objects.read(ODD_NAME, objects.generation(ODD_NAME)) == b'{"a": 1}\n'


def test_an_object_is_replaced_only_over_the_generation_that_was_read(objects):
    first = objects.replace("lease", b"1", 0)
    second = objects.replace("lease", b"2", first)
    assert second > first
    assert objects.replace("lease", b"3", first) is None
    assert objects.read("lease", first) is None
    objects.delete("lease", first)
    assert objects.generation("lease") == second
    objects.delete("lease", second)
    objects.delete("lease")
    assert objects.generation("lease") == 0


def test_the_current_content_is_read_with_its_generation_and_metadata(objects):
    assert objects.read_current("config") is None
    generation = objects.replace("config", b"1", 0, {"rows": "1"})
    stored = objects.read_current("config")
    assert (stored.content, stored.generation, stored.metadata) == (b"1", generation, {"rows": "1"})


def test_a_move_is_idempotent(objects):
    objects.create("in/x", b"x", {"page": "1"})
    objects.move("in/x", "processing/x")
    objects.move("in/x", "processing/x")
    assert [(item.name, item.metadata) for item in objects.list("")] == [("processing/x", {"page": "1"})]


def test_a_move_onto_an_existing_object_keeps_that_object(objects):
    objects.create("in/x", b"new")
    objects.create("processing/x", b"old")
    objects.move("in/x", "processing/x")
    assert [item.name for item in objects.list("")] == ["processing/x"]
    assert objects.read("processing/x", objects.generation("processing/x")) == b"old"


def test_an_empty_object_can_be_written_and_read(objects):
    assert objects.create("empty", b"")
    assert objects.read("empty", objects.generation("empty")) == b""


@pytest.mark.parametrize("answer", [Answer(status) for status in (0, 408, 429, 500, 502, 503, 504)])
def test_a_transient_failure_is_retried_with_growing_delays(scripted, answer):
    store, server, delays = scripted(answer, answer, WRITTEN)
    assert store.create("x", b"content", {})
    assert delays == [1, 2]
    bodies = [request.body for request in server.requests]
    assert bodies[0] == bodies[1] == bodies[2] and b"content" in bodies[0]


def test_retry_after_is_obeyed_plus_jitter(scripted):
    store, _, delays = scripted(Answer(429, headers={"Retry-After": "9"}), WRITTEN)
    store.generation("x")
    assert delays == [9 + 1]


def test_the_last_attempt_raises_the_error(scripted):
    store, server, _ = scripted(*[Answer(503, b'{"error": {"message": "Back soon."}}')] * 4)
    with pytest.raises(
        StorageError, match=r"could not read the generation of gs://landing/x: 503 .*Back soon\."
    ):
        store.generation("x")
    assert len(server.requests) == 4


def test_a_rejected_request_is_not_retried_and_has_googles_message(scripted):
    body = b'{"error": {"message": "connector@p does not have storage.objects.create access."}}'
    store, server, delays = scripted(Answer(403, body))
    with pytest.raises(StorageError, match="could not write gs://landing/x: 403 .*does not have storage"):
        store.create("x", b"")
    assert len(server.requests) == 1 and delays == []


def test_a_redirect_is_an_error(scripted):
    """Followed, it would carry the token to another host; accepted, a file would count as deleted."""
    store, server, _ = scripted(Answer(302, headers={"Location": "http://other.example/"}))
    with pytest.raises(StorageError, match="could not delete gs://landing/x: 302"):
        store.delete("x")
    assert len(server.requests) == 1


def test_a_missing_bucket_is_not_a_missing_object(scripted):
    missing = Answer(404, b'{"error": {"message": "The specified bucket does not exist."}}')
    store, _, _ = scripted(missing, missing)
    with pytest.raises(StorageError, match="The specified bucket does not exist"):
        store.create("x", b"")
    with pytest.raises(StorageError, match="The specified bucket does not exist"):
        list(store.list("x"))


def test_a_rejected_token_is_refreshed_once_per_request(scripted):
    answers = [Answer(401), WRITTEN, Answer(401), Answer(401)]
    store, server, _ = scripted(*answers, credentials=CountingCredentials())
    assert store.generation("x") == 7
    with pytest.raises(StorageError, match="401"):
        store.generation("x")
    tokens = [request.headers["authorization"] for request in server.requests]
    assert tokens == [f"Bearer token-{n}" for n in (1, 2, 2, 3)]


def test_content_that_does_not_match_its_checksum_is_an_error(scripted):
    store, _, _ = scripted(Answer(body=b"torn", headers={"X-Goog-Hash": "crc32c=AAAAAA==,md5=x"}))
    with pytest.raises(StorageError, match="checksum"):
        store.read("x", 7)


def test_a_listing_has_all_pages(scripted):
    pages: list[dict[str, Any]]
    pages = [{"items": [{"name": "a"}], "nextPageToken": "more"}, {}, {"items": [{"name": "b"}]}]
    pages[1]["nextPageToken"] = "still more"
    store, server, _ = scripted(*(Answer(body=json.dumps(page).encode()) for page in pages))
    assert [item.name for item in store.list("sales/in/")] == ["a", "b"]
    assert ["pageToken" in request.path for request in server.requests] == [False, True, True]


def test_a_response_that_is_not_json_is_an_error(scripted):
    store, _, _ = scripted(Answer(body=b"<html>"))
    with pytest.raises(StorageError, match="could not read the generation of gs://landing/x"):
        store.generation("x")
