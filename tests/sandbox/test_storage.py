"""Cloud Storage as Google's own Python client sees it."""

import os
from concurrent.futures import ThreadPoolExecutor

import pytest
from google.api_core import exceptions
from google.cloud import bigquery, storage

from demo.cloud import Cloud

BUCKET = "first-bucket"


@pytest.fixture(scope="module")
def client(sandbox):
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("STORAGE_EMULATOR_HOST", sandbox.address)
        yield storage.Client(project=sandbox.project)


@pytest.fixture(scope="module")
def bucket(client):
    return client.create_bucket(BUCKET, location="EU")


@pytest.fixture
def folder(request):
    """A prefix of the test's own."""
    return request.node.name.replace("[", "-").replace("]", "")


def names(blobs, folder):
    return [blob.name.removeprefix(f"{folder}/") for blob in blobs]


def put(bucket, folder, *names):
    for name in names:
        bucket.blob(f"{folder}/{name}").upload_from_string(name)


def test_an_object_is_what_was_uploaded(bucket, folder):
    blob = bucket.blob(f"{folder}/ü b+c%2F?.txt")
    blob.metadata = {"page": "1"}
    blob.upload_from_string("hello", content_type="text/plain")
    blob_read = bucket.get_blob(blob.name)
    assert blob_read.download_as_bytes() == b"hello"
    assert (blob_read.content_type, blob_read.metadata, blob_read.size) == ("text/plain", {"page": "1"}, 5)
    # RFC 3720 (CRC32C) and RFC 1321 (MD5), in base64
    assert (blob_read.crc32c, blob_read.md5_hash) == ("mnG7TA==", "XUFAKrxLKna5cZ2REBfFkg==")
    assert (blob_read.generation, blob_read.metageneration) == (blob.generation, 1)


@pytest.mark.parametrize("size", [0, 1, 256 * 1024, 600_000])
def test_resumable_uploads_arrive_whole(bucket, folder, size):
    content = os.urandom(size)
    blob = bucket.blob(folder, chunk_size=256 * 1024)
    with blob.open("wb") as file:
        file.write(content)
    assert bucket.blob(folder).download_as_bytes() == content


def test_ranges(bucket, folder):
    blob = bucket.blob(folder)
    blob.upload_from_string("0123456789")
    assert blob.download_as_bytes(start=2, end=4) == b"234"
    assert blob.download_as_bytes(start=8) == b"89"
    assert blob.download_as_bytes(start=-3) == b"789"
    with pytest.raises(exceptions.RequestRangeNotSatisfiable):
        blob.download_as_bytes(start=10)


def test_metadata_is_patched_updated_and_counted(bucket, folder):
    blob = bucket.blob(folder)
    blob.metadata = {"a": "1", "b": "2"}
    blob.upload_from_string("x")
    generation = blob.generation
    blob.metadata = {"a": None, "c": "3"}
    blob.patch()
    assert (blob.metadata, blob.metageneration, blob.generation) == ({"b": "2", "c": "3"}, 2, generation)
    with pytest.raises(exceptions.PreconditionFailed):
        blob.patch(if_metageneration_match=1)
    blob.content_type = "text/csv"
    blob.update(if_metageneration_match=2)
    assert bucket.get_blob(folder).content_type == "text/csv"


def test_folders_prefixes_and_pages(client, bucket, folder):
    put(bucket, folder, "a", "b/1", "b/2", "b/c/3", "b0", "d/4")
    below = {"bucket_or_name": BUCKET, "prefix": f"{folder}/"}
    assert names(client.list_blobs(**below), folder) == ["a", "b/1", "b/2", "b/c/3", "b0", "d/4"]
    listing = client.list_blobs(**below, delimiter="/", page_size=2)
    assert names(listing, folder) == ["a", "b0"]
    assert {item.removeprefix(f"{folder}/") for item in listing.prefixes} == {"b/", "d/"}
    assert names(client.list_blobs(BUCKET, prefix=f"{folder}/b/", delimiter="/"), folder) == ["b/1", "b/2"]
    pages = [names(page, folder) for page in client.list_blobs(**below, page_size=4).pages]
    assert pages == [["a", "b/1", "b/2", "b/c/3"], ["b0", "d/4"]]
    after = {"start_offset": f"{folder}/b/2", "end_offset": f"{folder}/b0"}
    assert names(client.list_blobs(BUCKET, **after), folder) == ["b/2", "b/c/3"]


@pytest.mark.parametrize(
    ("glob", "matches"),
    [
        ("*.json", ["a.json"]),
        ("**.json", ["a.json", "in/b.json"]),
        ("in/?.{json,csv}", ["in/b.json", "in/c.csv"]),
        ("in/[!b].*", ["in/c.csv"]),
        ("a*n", ["a.json"]),
        ("A.json", []),
    ],
)
def test_globs(client, bucket, glob, matches):
    put(bucket, "globs", "a.json", "in/b.json", "in/c.csv")
    assert names(client.list_blobs(BUCKET, match_glob=f"globs/{glob}"), "globs") == matches


def test_copied_moved_composed(client, bucket, folder):
    put(bucket, folder, "1", "2")
    first, second = (bucket.blob(f"{folder}/{name}") for name in "12")
    copy = bucket.copy_blob(first, bucket, f"{folder}/copy", if_generation_match=0)
    with pytest.raises(exceptions.PreconditionFailed):
        bucket.copy_blob(second, bucket, f"{folder}/copy", if_generation_match=0)
    moved = bucket.move_blob(second, f"{folder}/moved")
    assert (copy.download_as_bytes(), moved.download_as_bytes()) == (b"1", b"2")
    joined = bucket.blob(f"{folder}/joined")
    joined.compose([copy, moved])
    token, written, total = bucket.blob(f"{folder}/rewritten").rewrite(joined)
    assert (token, written, total) == (None, 2, 2)
    matches = names(client.list_blobs(BUCKET, prefix=f"{folder}/"), folder)
    assert matches == ["1", "copy", "joined", "moved", "rewritten"]
    assert bucket.blob(f"{folder}/rewritten").download_as_bytes() == b"12"


def test_a_batch_is_many_calls(client, bucket, folder):
    put(bucket, folder, "1", "2", "3")
    with client.batch():
        for name in "12":
            bucket.blob(f"{folder}/{name}").delete()
    assert names(client.list_blobs(BUCKET, prefix=f"{folder}/"), folder) == ["3"]
    with pytest.raises(exceptions.NotFound), client.batch():
        bucket.blob(f"{folder}/3").delete()
        bucket.blob(f"{folder}/gone").delete()
    assert not bucket.blob(f"{folder}/3").exists()


def test_of_many_who_must_be_first_one_is(bucket, folder):
    def attempt(number):
        try:
            bucket.blob(folder).upload_from_string(str(number), if_generation_match=0)
        except exceptions.PreconditionFailed:
            return None
        return str(number)

    with ThreadPoolExecutor(16) as pool:
        won = [number for number in pool.map(attempt, range(64)) if number]
    assert [bucket.blob(folder).download_as_text()] == won


def test_versions_are_kept_where_the_bucket_declares_it(client):
    bucket = client.bucket("versioned-bucket")
    bucket.versioning_enabled = True
    bucket.create()
    blob = bucket.blob("a")
    generations = []
    for content in ("1", "2"):
        blob.upload_from_string(content)
        generations.append(blob.generation)
    bucket.delete_blob("a")
    assert not bucket.blob("a").exists() and list(bucket.list_blobs()) == []
    listed = list(bucket.list_blobs(versions=True))
    assert [item.generation for item in listed] == generations and all(item.time_deleted for item in listed)
    assert bucket.blob("a", generation=generations[0]).download_as_bytes() == b"1"
    with pytest.raises(exceptions.Conflict):
        bucket.delete()
    for item in listed:
        item.delete()  # by its generation: for ever
    bucket.delete()
    assert not bucket.exists()


def test_buckets_keep_what_terraform_declares(client):
    bucket = client.bucket("declared-bucket")
    bucket.labels = {"layer": "landing"}
    bucket.iam_configuration.uniform_bucket_level_access_enabled = True
    bucket.iam_configuration.public_access_prevention = "enforced"
    bucket.add_lifecycle_delete_rule(age=30)
    client.create_bucket(bucket, location="eu")
    bucket.labels = {"environment": "local"}
    bucket.patch()
    declared = client.get_bucket("declared-bucket")
    assert (declared.location, declared.labels, declared.metageneration) == (
        "EU",
        {"environment": "local"},
        2,
    )
    assert declared.iam_configuration.public_access_prevention == "enforced"
    assert [dict(rule) for rule in declared.lifecycle_rules] == [
        {"action": {"type": "Delete"}, "condition": {"age": 30}}
    ]
    assert "declared-bucket" in [item.name for item in client.list_buckets(prefix="decl")]


def test_policies_have_etags_and_know_who_exists(client):
    bucket = client.create_bucket("granted-bucket")
    stale = bucket.get_iam_policy(requested_policy_version=3)
    policy = bucket.get_iam_policy(requested_policy_version=3)
    policy.bindings.append({"role": "roles/storage.objectViewer", "members": {"domain:example.org"}})
    bucket.set_iam_policy(policy)
    with pytest.raises(exceptions.PreconditionFailed):
        bucket.set_iam_policy(stale)
    policy = bucket.get_iam_policy(requested_policy_version=3)
    assert policy.bindings[-1] == {"role": "roles/storage.objectViewer", "members": {"domain:example.org"}}
    missing = "serviceAccount:missing@sandbox-local.iam.gserviceaccount.com"
    policy.bindings.append({"role": "roles/storage.objectViewer", "members": {missing}})
    with pytest.raises(exceptions.BadRequest, match="missing@.* does not exist"):
        bucket.set_iam_policy(policy)
    assert bucket.test_iam_permissions(["storage.objects.get"]) == ["storage.objects.get"]


def test_bigquery_loads_the_same_files(sandbox, bucket):
    for name in ("1", "2"):
        bucket.blob(f"loaded/in/{name}.json").upload_from_string(f'{{"a": "{name}"}}\n')
    bucket.blob("loaded/in/2.json").upload_from_string('{"a": "3"}\n')
    bucket.blob("loaded/other.json").upload_from_string('{"a": "9"}\n')
    warehouse = Cloud(sandbox).bigquery
    warehouse.create_dataset("loading")
    config = bigquery.LoadJobConfig(
        source_format="NEWLINE_DELIMITED_JSON", schema=[bigquery.SchemaField("a", "STRING")]
    )
    load = warehouse.load_table_from_uri(f"gs://{BUCKET}/loaded/in/*.json", "loading.t", job_config=config)
    load.result()
    assert load.output_rows == 2
    assert sorted(row.a for row in warehouse.query_and_wait("select a from loading.t")) == ["1", "3"]
