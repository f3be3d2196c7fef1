"""Objects by name: what Cloud Storage promises of them, and what is done when it does not answer well."""

import json

import pytest
from connector.bucket import FACTS, Bucket
from google.auth.credentials import Credentials

from runtime.errors import StorageError
from tests.fakes.scripted_server import Answer

ODD = "a b/ü%2F?x=1#&+.json"
DONE = Answer(body=b'{"generation": "7"}')


class Token(Credentials):
    """A login whose every refresh gives another token."""

    def refresh(self, request):
        self.token = f"token-{int((self.token or 'token-0')[6:]) + 1}"


@pytest.fixture
def objects(project):
    return project.bucket


@pytest.fixture
def scripted(service):
    """A bucket on a server that answers what it is told to, and the pauses that were made."""

    def start(*answers, credentials=None):
        sender, server, slept = service(FACTS, *answers, credentials=credentials)
        return Bucket(sender, "landing"), server, slept

    return start


def test_an_object_is_created_once_and_keeps_what_is_said_of_it(objects):
    assert objects.create(ODD, b'{"a": 1}\n', {"rows": "1"})
    assert not objects.create(ODD, b"other", {"rows": "2"})
    [found] = objects.list("a b/")
    assert (found.name, found.size, found.metadata) == (ODD, 9, {"rows": "1"})
    objects.describe(ODD, {"reason": "because"})
    assert [item.metadata for item in objects.list("a")] == [{"rows": "1", "reason": "because"}]
    assert objects.read(ODD, objects.generation(ODD)) == b'{"a": 1}\n'


def test_an_object_is_replaced_only_over_the_generation_that_was_seen(objects):
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


def test_a_move_may_be_made_twice(objects):
    objects.create("in/x", b"x", {"page": "1"})
    objects.move("in/x", "processing/x")
    objects.move("in/x", "processing/x")
    assert [(item.name, item.metadata) for item in objects.list("")] == [("processing/x", {"page": "1"})]


def test_a_move_onto_its_twin_leaves_the_twin(objects):
    objects.create("in/x", b"new")
    objects.create("processing/x", b"old")
    objects.move("in/x", "processing/x")
    assert [item.name for item in objects.list("")] == ["processing/x"]
    assert objects.read("processing/x", objects.generation("processing/x")) == b"old"


def test_nothing_is_an_empty_object_too(objects):
    assert objects.create("empty", b"")
    assert objects.read("empty", objects.generation("empty")) == b""


@pytest.mark.parametrize("answer", [Answer(status) for status in (0, 408, 429, 500, 502, 503, 504)])
def test_a_passing_failure_is_tried_again_with_growing_pauses(scripted, answer):
    bucket, server, slept = scripted(answer, answer, DONE)
    assert bucket.create("x", b"content", {})
    assert slept == [1, 2]
    bodies = [body for _, _, _, body in server.asked]
    assert bodies[0] == bodies[1] == bodies[2] and b"content" in bodies[0]


def test_a_retry_after_is_honoured(scripted):
    bucket, _, slept = scripted(Answer(429, headers={"Retry-After": "9"}), DONE)
    bucket.generation("x")
    assert slept == [9]


def test_it_is_given_up_after_the_last_try(scripted):
    bucket, server, _ = scripted(*[Answer(503, b'{"error": {"message": "Back soon."}}')] * 4)
    with pytest.raises(StorageError, match=r"could not look at gs://landing/x: 503 .*Back soon\."):
        bucket.generation("x")
    assert len(server.asked) == 4


def test_a_refusal_is_final_and_told_in_googles_words(scripted):
    refusal = b'{"error": {"message": "connector@p does not have storage.objects.create access."}}'
    bucket, server, slept = scripted(Answer(403, refusal))
    with pytest.raises(StorageError, match="could not write gs://landing/x: 403 .*does not have storage"):
        bucket.create("x", b"")
    assert len(server.asked) == 1 and slept == []


def test_a_redirect_is_no_answer(scripted):
    """Followed, it would carry the token to another host; believed, a file would count as deleted."""
    bucket, server, _ = scripted(Answer(302, headers={"Location": "http://other.example/"}))
    with pytest.raises(StorageError, match="could not delete gs://landing/x: 302"):
        bucket.delete("x")
    assert len(server.asked) == 1


def test_a_bucket_that_is_not_there_is_no_missing_object(scripted):
    missing = Answer(404, b'{"error": {"message": "The specified bucket does not exist."}}')
    bucket, _, _ = scripted(missing, missing)
    with pytest.raises(StorageError, match="The specified bucket does not exist"):
        bucket.create("x", b"")
    with pytest.raises(StorageError, match="The specified bucket does not exist"):
        list(bucket.list("x"))


def test_a_token_that_was_withdrawn_is_asked_for_again_once(scripted):
    bucket, server, _ = scripted(Answer(401), DONE, Answer(401), Answer(401), credentials=Token())
    assert bucket.generation("x") == 7
    with pytest.raises(StorageError, match="401"):
        bucket.generation("x")
    tokens = [headers["authorization"] for _, _, headers, _ in server.asked]
    assert tokens == [f"Bearer token-{n}" for n in (1, 2, 2, 3)]


def test_a_content_that_does_not_match_its_checksum_is_not_read(scripted):
    bucket, _, _ = scripted(Answer(body=b"torn", headers={"X-Goog-Hash": "crc32c=AAAAAA==,md5=x"}))
    with pytest.raises(StorageError, match="checksum"):
        bucket.read("x", 7)


def test_a_list_goes_on_where_the_page_ends(scripted):
    pages = [{"items": [{"name": "a"}], "nextPageToken": "more"}, {}, {"items": [{"name": "b"}]}]
    pages[1]["nextPageToken"] = "still more"
    bucket, server, _ = scripted(*(Answer(body=json.dumps(page).encode()) for page in pages))
    assert [item.name for item in bucket.list("sales/in/")] == ["a", "b"]
    assert ["pageToken" in path for _, path, _, _ in server.asked] == [False, True, True]


def test_an_answer_that_is_none_is_told(scripted):
    bucket, _, _ = scripted(Answer(body=b"<html>"))
    with pytest.raises(StorageError, match="could not look at gs://landing/x"):
        bucket.generation("x")
