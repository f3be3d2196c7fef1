"""Requests that Cloud Storage rejects, with its codes and messages."""

import pytest
import requests

NOT_MET = "At least one of the pre-conditions you specified did not hold."
PART = "--x\r\nContent-Type: application/json\r\n\r\n{}\r\n--x--"


@pytest.fixture(scope="module")
def api(sandbox):
    """Calls by path, against a bucket with one object, `a`."""

    def call(method, path, **options):
        return requests.request(method, f"{sandbox.address}{path}", timeout=10, **options)

    assert call("POST", "/storage/v1/b?project=sandbox-local", json={"name": "strict-bucket"}).ok
    assert call("POST", "/upload/storage/v1/b/strict-bucket/o?uploadType=media&name=a", data=b"1").ok
    return call


BUCKETS = "/storage/v1/b"
OBJECTS = "/storage/v1/b/strict-bucket/o"
UPLOAD = "/upload/storage/v1/b/strict-bucket/o"


@pytest.mark.parametrize(
    ("method", "path", "body", "code", "reason"),
    [
        ("GET", f"{BUCKETS}/unknown-bucket", None, 404, "notFound"),
        ("GET", f"{BUCKETS}/unknown-bucket/o", None, 404, "notFound"),
        ("GET", f"{BUCKETS}/unknown-bucket/iam", None, 404, "notFound"),
        ("POST", "/upload/storage/v1/b/unknown-bucket/o?uploadType=media&name=a", {}, 404, "notFound"),
        ("GET", f"{OBJECTS}/unknown", None, 404, "notFound"),
        ("DELETE", f"{OBJECTS}/unknown?ifGenerationMatch=7", None, 404, "notFound"),
        ("GET", f"{OBJECTS}/a?generation=7", None, 404, "notFound"),
        ("POST", f"{OBJECTS}/unknown/rewriteTo/b/strict-bucket/o/b", {}, 404, "notFound"),
        ("GET", f"{OBJECTS}/a/b", None, 404, "notFound"),  # a slash in a name is sent as %2F
        ("GET", "/storage/v1/unknown", None, 404, "notFound"),
        ("PUT", "/upload/storage/v1/b/strict-bucket/o?upload_id=unknown", {}, 404, "notFound"),
        ("DELETE", OBJECTS, None, 405, "methodNotAllowed"),
        ("POST", f"{OBJECTS}/a", {}, 405, "methodNotAllowed"),
        ("PATCH", f"{BUCKETS}/strict-bucket/iam", {}, 405, "methodNotAllowed"),
        ("DELETE", f"{BUCKETS}/strict-bucket", None, 409, "conflict"),
        ("POST", f"{BUCKETS}?project=sandbox-local", {"name": "strict-bucket"}, 409, "conflict"),
        ("POST", BUCKETS, {"name": "another-bucket"}, 400, "invalid"),
        ("POST", f"{BUCKETS}?project=other", {"name": "another-bucket"}, 400, "invalid"),
        ("POST", f"{UPLOAD}?uploadType=media", {}, 400, "invalid"),
        ("POST", f"{UPLOAD}?uploadType=other&name=b", {}, 400, "invalid"),
        ("POST", f"{UPLOAD}?uploadType=media&name=b%0A", {}, 400, "invalid"),
        ("POST", f"{UPLOAD}?uploadType=media&name={'b' * 1025}", {}, 400, "invalid"),
        ("GET", f"{OBJECTS}/%FF", None, 400, "invalid"),
        ("GET", f"{OBJECTS}?pageToken=x", None, 400, "invalid"),
        ("GET", f"{OBJECTS}/a?generation=x", None, 400, "invalid"),
        ("POST", f"{OBJECTS}/b/compose", {"sourceObjects": []}, 400, "invalid"),
        ("POST", f"{OBJECTS}/b/compose", {"sourceObjects": [{"name": "a"}] * 33}, 400, "invalid"),
        ("POST", f"{UPLOAD}?uploadType=media&name=a&ifGenerationMatch=0", {}, 412, "conditionNotMet"),
        ("POST", f"{UPLOAD}?uploadType=media&name=b&ifGenerationMatch=7", {}, 412, "conditionNotMet"),
        ("POST", f"{UPLOAD}?uploadType=media&name=b&ifGenerationNotMatch=0", {}, 412, "conditionNotMet"),
        ("POST", f"{UPLOAD}?uploadType=resumable&name=a&ifGenerationMatch=0", {}, 412, "conditionNotMet"),
        ("GET", f"{OBJECTS}/a?ifGenerationMatch=7", None, 412, "conditionNotMet"),
        ("GET", f"{OBJECTS}/a?alt=media&ifMetagenerationMatch=7", None, 412, "conditionNotMet"),
        ("PATCH", f"{OBJECTS}/a?ifMetagenerationMatch=7", {}, 412, "conditionNotMet"),
        ("PUT", f"{OBJECTS}/a?ifGenerationMatch=7", {}, 412, "conditionNotMet"),
        ("DELETE", f"{OBJECTS}/a?ifGenerationMatch=7", None, 412, "conditionNotMet"),
        ("DELETE", f"{OBJECTS}/a?ifMetagenerationNotMatch=1", None, 412, "conditionNotMet"),
        (
            "POST",
            f"{OBJECTS}/a/rewriteTo/b/strict-bucket/o/a?ifGenerationMatch=0",
            {},
            412,
            "conditionNotMet",
        ),
        (
            "POST",
            f"{OBJECTS}/a/copyTo/b/strict-bucket/o/b?ifSourceGenerationMatch=7",
            {},
            412,
            "conditionNotMet",
        ),
        ("POST", f"{OBJECTS}/a/moveTo/o/b?ifSourceGenerationMatch=7", {}, 412, "conditionNotMet"),
        (
            "POST",
            f"{OBJECTS}/a/compose?ifGenerationMatch=7",
            {"sourceObjects": [{"name": "a"}]},
            412,
            "conditionNotMet",
        ),
        ("GET", f"{BUCKETS}/strict-bucket?ifMetagenerationMatch=7", None, 412, "conditionNotMet"),
        ("PATCH", f"{BUCKETS}/strict-bucket?ifMetagenerationMatch=7", {}, 412, "conditionNotMet"),
    ],
)
def test_refusals_are_googles(api, method, path, body, code, reason):
    answer = api(method, path, json=body)
    error = answer.json()["error"]
    assert (answer.status_code, error["code"], error["errors"][0]["reason"]) == (code, code, reason)
    assert error["message"] == error["errors"][0]["message"] != ""
    assert code != 412 or error["message"] == NOT_MET


@pytest.mark.parametrize(
    "path", [f"{OBJECTS}/a?ifMetagenerationNotMatch=1", f"{BUCKETS}/strict-bucket?ifMetagenerationNotMatch=1"]
)
def test_a_reader_with_the_current_content_gets_304(api, path):
    answer = api("GET", path)
    assert (answer.status_code, answer.content) == (304, b"")


@pytest.mark.parametrize(
    "name",
    [
        "",
        "ab",
        "a" * 64,
        "Upper",
        "goog-x",
        "my-google-x",
        "192.168.5.4",
        "-ab",
        "ab-",
        "a..b",
        "a b",
        "a/b",
        "../x",
        "ü-ü",
    ],
)
def test_bucket_names_that_google_refuses(api, name):
    answer = api("POST", f"{BUCKETS}?project=sandbox-local", json={"name": name})
    assert (answer.status_code, answer.json()["error"]["message"]) == (400, f"Invalid bucket name: '{name}'")


@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        ("multipart/related; boundary=x", PART),  # one part
        ("multipart/related; boundary=x", PART[:-4]),  # cut off
        ("multipart/related", PART),
        (
            "multipart/related; boundary=x",
            PART.replace("{}", "no json").replace("--x--", "--x\r\n\r\n1\r\n--x--"),
        ),
    ],
)
def test_broken_multipart_uploads_leave_nothing(api, content_type, body):
    answer = api(
        "POST",
        f"{UPLOAD}?uploadType=multipart&name=broken",
        data=body,
        headers={"Content-Type": content_type},
    )
    assert answer.status_code == 400
    assert api("GET", f"{OBJECTS}/broken").status_code == 404


def test_a_wrong_checksum_is_refused_and_leaves_nothing(api):
    start = api("POST", f"{UPLOAD}?uploadType=resumable&name=sum", json={"crc32c": "AAAAAA=="})
    answer = requests.put(start.headers["Location"], data=b"1", timeout=10)
    assert answer.status_code == 400 and "doesn't match calculated crc32c" in answer.text
    assert api("GET", f"{OBJECTS}/sum").status_code == 404


def test_a_resumable_upload_reports_its_offset(api):
    chunk, rest = b"x" * 256 * 1024, b"y" * 10
    whole = len(chunk) + len(rest)
    session = api("POST", f"{UPLOAD}?uploadType=resumable&name=slow", json={}).headers["Location"]

    def put(content_range, data=b""):
        answer = requests.put(session, data=data, headers={"Content-Range": content_range}, timeout=10)
        return answer.status_code, answer.headers.get("Range")

    assert put("bytes */*") == (308, None)
    assert put(f"bytes 0-{len(chunk) - 1}/{whole}", chunk) == (308, "bytes=0-262143")
    assert put(f"bytes 0-{len(chunk) - 1}/{whole}", chunk) == (308, "bytes=0-262143")  # sent twice, kept once
    assert put(f"bytes {whole}-{whole + 1}/*", rest)[0] == 400  # a hole
    assert put(f"bytes {len(chunk)}-{whole - 1}/*", rest) == (
        308,
        "bytes=0-262143",
    )  # not the last: whole chunks only
    assert api("GET", f"{OBJECTS}/slow").status_code == 404
    assert put(f"bytes {len(chunk)}-{whole - 1}/{whole}", rest)[0] == 200
    assert put(f"bytes */{whole}")[0] == 200  # the answer was lost, so the client queries it
    assert api("GET", f"{OBJECTS}/slow?alt=media").content == chunk + rest


def test_a_cancelled_upload_is_gone(api):
    session = api("POST", f"{UPLOAD}?uploadType=resumable&name=never", json={}).headers["Location"]
    assert requests.delete(session, timeout=10).status_code == 499
    assert requests.put(session, data=b"1", timeout=10).status_code == 404


def test_a_plain_path_is_an_object_only_in_a_bucket(api):
    answer = api("GET", "/strict-bucket/a")
    assert (answer.content, answer.headers["X-Goog-Metageneration"]) == (b"1", "1")
    missing = api("GET", "/strict-bucket/unknown")
    assert missing.status_code == 404 and "<Code>NoSuchKey</Code>" in missing.text
    assert "NoSuchKey" not in api("GET", "/unknown-bucket/a").text


def test_terraform_finds_no_caches_and_a_layout(api):
    assert api("GET", f"{BUCKETS}/strict-bucket/anywhereCaches").json() == {"kind": "storage#anywhereCaches"}
    assert api("GET", f"{BUCKETS}/strict-bucket/storageLayout").json()["location"] == "US"
