"""The Batch resource: what a request may contain, its states, and its long-running operation."""

import re
import uuid

from sandbox.resources.clock import now
from sandbox.resources.errors import InvalidArgument, NotFound
from sandbox.resources.operations import typed
from sandbox.resources.schema import Schema
from sandbox.resources.service import Call, Service
from sandbox.resources.store import Json

SCHEMA = Schema("dataproc.v1", "Batch")
BATCH_ID = re.compile(r"[a-z0-9-]{4,63}")
KINDS = ("pysparkBatch", "pysparkNotebookBatch", "sparkBatch", "sparkRBatch", "sparkSqlBatch")
RUNTIMES = ("3.0",)  # the version in requirements/spark.txt is that of this runtime
FINAL = ("CANCELLED", "SUCCEEDED", "FAILED")
CANCELLED, UNKNOWN = 1, 2  # google.rpc.Code
METADATA = "google.cloud.dataproc.v1.BatchOperationMetadata"


def create(service: Service, collection: str, call: Call) -> Json:
    """A new batch of a request; InvalidArgument or NotFound for one that Google or this sandbox would not run."""
    body = SCHEMA.accept(call.body)
    batch_id = call.query.get("batchId") or str(uuid.uuid4())
    if not BATCH_ID.fullmatch(batch_id):
        raise InvalidArgument(f"Batch ID {batch_id!r} must have 4 to 63 characters of a-z, 0-9 and -.")
    check_kind(body)
    check_environment(service, body.get("environmentConfig", {}).get("executionConfig", {}))
    location = collection.removesuffix("/batches")
    resource = {
        **body,
        "name": f"{collection}/{batch_id}",
        "uuid": str(uuid.uuid4()),
        "createTime": now(),
        "creator": call.caller,
        "operation": f"{location}/operations/{uuid.uuid4()}",
        "runtimeInfo": {},
    }
    return enter(resource, "PENDING")


def check_kind(body: Json) -> None:
    kinds = [kind for kind in KINDS if kind in body]
    if len(kinds) != 1:
        raise InvalidArgument(f"A batch has exactly one of {', '.join(KINDS)}, not {len(kinds)}.")
    if kinds != ["pysparkBatch"]:
        raise InvalidArgument(f"The sandbox runs only pysparkBatch, not {kinds[0]}.")
    main = body["pysparkBatch"].get("mainPythonFileUri", "")
    if not re.fullmatch(r"gs://.+\.py", main):
        raise InvalidArgument(f"mainPythonFileUri {main!r} must be gs://BUCKET/NAME.py.")
    version = body.get("runtimeConfig", {}).get("version", "")
    if version not in RUNTIMES:
        raise InvalidArgument(f"The sandbox has the runtime {', '.join(RUNTIMES)}, not {version!r}.")


def check_environment(service: Service, execution: Json) -> None:
    """The service account and the subnetwork exist, and the batch runs as the account.

    Without the subnetwork Google takes `default` of the region. A new project of an organisation may have none.
    """
    email = execution.get("serviceAccount", "")
    account = f"/iam/v1/projects/{service.state.project}/serviceAccounts/{email}"
    if not email or service.store.get(account) is None:
        raise NotFound(f"Service account {email!r} was not found.")
    # https://docs.cloud.google.com/dataproc-serverless/docs/concepts/service-account
    if execution.get("authenticationConfig", {}).get("userWorkloadAuthenticationType") != "SERVICE_ACCOUNT":
        raise InvalidArgument(
            "From runtime 3.0 on a batch runs as its caller, which the sandbox does not support."
        )
    subnetwork = execution.get("subnetworkUri", "")
    name = subnetwork[subnetwork.find("projects/") :]
    stored = service.store.get(f"/compute/v1/{name}")
    if stored is None:
        raise InvalidArgument(f"Subnetwork {subnetwork!r} does not exist.")
    if not stored.get("privateIpGoogleAccess"):
        raise InvalidArgument(f"Subnetwork {subnetwork!r} has no Private Google Access.")


def enter(batch: Json, state: str, message: str = "") -> Json:
    """The batch in a new state; the one that it leaves becomes history."""
    history = batch.get("stateHistory", [])
    if "state" in batch:
        entry = {"state": batch["state"], "stateStartTime": batch["stateTime"]}
        history = [*history, entry]
    changed = {"state": state, "stateTime": now(), "stateHistory": history}
    return batch | changed | ({"stateMessage": message} if message else {})


def operation(batch: Json) -> Json:
    """Done when the batch has ended, with the batch or its error."""
    metadata = {"batch": batch["name"], "batchUuid": batch["uuid"], "createTime": batch["createTime"]}
    metadata |= {"operationType": "BATCH", "description": "Batch"}
    started = {"name": batch["operation"], "metadata": typed(METADATA, metadata)}
    if batch["state"] not in FINAL:
        return started
    if batch["state"] == "SUCCEEDED":
        return started | {"done": True, "response": typed("google.cloud.dataproc.v1.Batch", batch)}
    code = CANCELLED if batch["state"] == "CANCELLED" else UNKNOWN
    return started | {"done": True, "error": {"code": code, "message": batch.get("stateMessage", "")}}
