"""Dataproc's batches: what a request may contain, who may send it, and the states. No batch runs Spark here."""

import uuid

import pytest

from sandbox.dataproc.buckets import split
from sandbox.dataproc.spark import failure_reason
from sandbox.process import running
from tests.sandbox.iam.project import Project, binding, error
from tests.spark_project import create_spark_project

SCALA = {"mainJarFileUri": "gs://b/a.jar"}


@pytest.fixture(scope="module")
def halted(tmp_path_factory):
    """A project whose batches fail at once: the code does not exist."""
    with running(tmp_path_factory.mktemp("dataproc")) as state:
        yield create_spark_project(state)


@pytest.fixture
def body(halted):
    body = halted.batch("")
    body["pysparkBatch"]["mainPythonFileUri"] = f"gs://{halted.bucket}/code/absent.py"
    return body


def new_id():
    return f"batch-{uuid.uuid4().hex[:8]}"


@pytest.mark.parametrize(
    ("changes", "code", "message"),
    [
        ({"mainPythonFile": "x"}, 400, 'Unknown name "mainPythonFile": Cannot find field.'),
        ({"pysparkBatch": {"main": "x"}}, 400, "Unknown name \"main\" at 'pyspark_batch'"),
        ({"pysparkBatch": None}, 400, "exactly one of pysparkBatch"),
        ({"sparkBatch": SCALA}, 400, "exactly one of pysparkBatch"),
        ({"sparkBatch": SCALA, "pysparkBatch": None}, 400, "runs only pysparkBatch, not sparkBatch"),
        ({"pysparkBatch": {"mainPythonFileUri": "gs://b/main.jar"}}, 400, "must be gs://BUCKET/NAME.py"),
        ({"runtimeConfig": {"version": "2.2"}}, 400, "has the runtime 3.0, not '2.2'"),
        ({"labels": {"Endpoint": "a"}}, 400, "Invalid label"),
    ],
)
def test_an_invalid_batch_is_rejected(halted, body, changes, code, message):
    response = halted.call("POST", f"{halted.location}/batches?batchId={new_id()}", body | changes)
    assert response.status_code == code and message in error(response)[1], response.text


@pytest.mark.parametrize(
    ("changes", "code", "message"),
    [
        ({"serviceAccount": "absent@example.com"}, 404, "Service account 'absent@example.com' was not found"),
        ({"subnetworkUri": "projects/p/regions/r/subnetworks/none"}, 400, "does not exist"),
        ({"authenticationConfig": {}}, 400, "runs as its caller"),
        ({"ttl": "soon"}, 400, "google.protobuf.Duration"),
    ],
)
def test_an_invalid_environment_is_rejected(halted, body, changes, code, message):
    body["environmentConfig"]["executionConfig"] |= changes
    response = halted.call("POST", f"{halted.location}/batches?batchId={new_id()}", body)
    assert response.status_code == code and message in error(response)[1], response.text


@pytest.mark.parametrize("batch_id", ["abc", "Batch-1", "a_b_c", "a" * 64])
def test_an_invalid_id_is_rejected(halted, body, batch_id):
    response = halted.call("POST", f"{halted.location}/batches?batchId={batch_id}", body)
    assert error(response) == (400, f"Batch ID {batch_id!r} must have 4 to 63 characters of a-z, 0-9 and -.")


def test_a_second_batch_of_an_id_is_a_conflict(halted, body):
    name = halted.create(batch_id := new_id(), body)
    response = halted.call("POST", f"{halted.location}/batches?batchId={batch_id}", body)
    assert error(response) == (409, f"Already exists: Failed to create batch: Batch {name}")


def test_a_list_is_filtered_by_label_and_state(halted, body):
    labels = {"endpoint": f"e-{uuid.uuid4().hex[:6]}"}
    names = [halted.wait(halted.create(new_id(), body | {"labels": labels}))["name"] for _ in range(2)]

    def listed(query):
        response = halted.call("GET", f"{halted.location}/batches?filter={query}&orderBy=create_time desc")
        assert response.ok, response.text
        return [batch["name"] for batch in response.json().get("batches", [])]

    label = f"labels.endpoint={labels['endpoint']}"
    assert listed(label) == names[::-1]
    assert listed(f"state = FAILED AND {label}") == names[::-1]
    assert listed(f"state = RUNNING AND {label}") == []
    rejected = halted.call("GET", f"{halted.location}/batches?filter=state = FAILED OR {label}")
    assert rejected.status_code == 400 and "only FIELD = VALUE and AND" in error(rejected)[1]


def test_a_batch_that_has_ended_can_be_deleted_and_is_not_cancelled(halted, body):
    batch = halted.wait(halted.create(new_id(), body))
    assert halted.call("POST", f"{batch['operation']}:cancel", {}).ok
    assert halted.call("GET", batch["name"]).json()["state"] == "FAILED"
    assert halted.call("DELETE", batch["name"]).ok
    assert halted.call("GET", batch["name"]).status_code == 404


def test_methods_that_are_not_served_say_so(halted):
    response = halted.call("POST", f"{halted.location}/batches/abcd:analyze", {})
    assert response.status_code == 501 and "dataproc.projects.locations.batches.analyze" in error(response)[1]


def test_who_may_start_watch_and_cancel_batches(halted, body):
    """create also requires actAs on the batch's account, cancel of an operation also batches.cancel."""
    project = Project(halted.state)
    caller = project.account("batch-caller")
    role = f"{project.name}/roles/batches_{uuid.uuid4().hex[:6]}"
    account = f"iam/v1/{project.name}/serviceAccounts/{halted.account}"

    def allow(*permissions):
        path = f"iam/v1/{role}"
        created = {"roleId": role.rsplit("/", 1)[-1], "role": {"includedPermissions": list(permissions)}}
        if project.send("POST", f"iam/v1/{project.name}/roles", created).status_code == 409:
            updated = project.send("PATCH", path, {"includedPermissions": list(permissions)})
            assert updated.ok, updated.text
        project.grant_on_project(binding(role, f"serviceAccount:{caller}"))

    def status(method, path, sent=None):
        return project.send(method, f"dataproc/v1/{path}", sent, caller).status_code

    create = ("POST", f"{halted.location}/batches?batchId={new_id()}", body)
    allow("dataproc.batches.list")
    assert status(*create) == 403
    assert status("GET", f"{halted.location}/batches") == 200
    allow("dataproc.batches.create", "dataproc.batches.get", "dataproc.operations.cancel")
    assert status(*create) == 403  # it may not act as the batch's account
    assert project.grant(account, binding("roles/iam.serviceAccountUser", f"serviceAccount:{caller}")).ok
    assert status(*create) == 200
    assert status("GET", f"{halted.location}/batches") == 403
    name = f"{halted.location}/batches/{create[1].rpartition('=')[2]}"
    operation = halted.wait(name)["operation"]
    assert status("GET", name) == 200
    assert status("POST", f"{operation}:cancel", {}) == 403
    allow("dataproc.batches.cancel", "dataproc.operations.cancel")
    assert status("POST", f"{operation}:cancel", {}) == 200


@pytest.mark.parametrize(
    ("uri", "parts"),
    [
        ("gs://b/code/main.py", ("b", "code/main.py")),
        ("gs://b/web/*.log.gz", ("b", "web/")),
        ("gs://b/*.csv", ("b", "")),
        ("gs://b/2026/day-?/x", ("b", "2026/")),
        ("gs://b/runs/a/", ("b", "runs/a/")),
    ],
)
def test_the_folder_of_an_address_ends_before_its_first_wildcard(uri, parts):
    assert split(uri) == parts


@pytest.mark.parametrize(
    ("log", "reason"),
    [
        (
            "INFO x\nTraceback (most recent call last):\n  File\n    line\nValueError: bad\nINFO end\n",
            "ValueError: bad",
        ),
        ("INFO a\nout of memory\n", "out of memory"),
        ("", "no output"),
    ],
)
def test_the_reason_is_the_last_error_of_python(log, reason):
    assert failure_reason(log) == reason
