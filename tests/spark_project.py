"""What Terraform's module spark creates, in a running sandbox: an identity, a subnetwork, a bucket and grants."""

import shutil
import time
import uuid
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import requests
from google.auth.credentials import AnonymousCredentials

from pipeline.dataproc import BatchesClient
from pipeline.settings import Preparation, SparkSettings
from runtime.google_api import ApiClient
from runtime.http_session import open_session
from runtime.object_store import OK_STATUSES, ObjectStore
from sandbox.state import State
from tests.sandbox.iam.project import Project, binding

Json = dict[str, Any]
ROOT = Path(__file__).parents[1]
DRIVER = ROOT / "connector/spark/prepare.py"
REGION = "europe-west1"
NO_JAVA = "java is not installed: Spark needs Java 17 or 21, package openjdk-17-jre-headless"
FINAL = ("SUCCEEDED", "FAILED", "CANCELLED")
WAIT_SECONDS = 240  # a machine that runs other tests at the same time


def has_java() -> bool:
    return shutil.which("java") is not None


@dataclass(frozen=True)
class SparkProject:
    """`bucket` is that of module spark, `source` a bucket with files to be prepared."""

    state: State
    account: str
    bucket: str
    source: str
    subnetwork: str

    @property
    def location(self) -> str:
        return f"projects/{self.state.project}/locations/{REGION}"

    @property
    def client(self) -> BatchesClient:
        session, credentials = open_session(2), AnonymousCredentials()
        return BatchesClient(ApiClient(session, credentials, f"{self.state.address}/dataproc", frozenset()))

    def open_bucket(self, name: str) -> ObjectStore:
        """With the caller's credentials, as the pipeline has it."""
        api = ApiClient(open_session(1), AnonymousCredentials(), self.state.address, OK_STATUSES)
        return ObjectStore(api, name)

    def call(self, method: str, path: str, body: Json | None = None) -> requests.Response:
        url = f"{self.state.address}/dataproc/v1/{path}"
        return requests.request(method, url, json=body, timeout=30)

    def put(self, bucket: str, name: str, content: bytes) -> str:
        url = f"{self.state.address}/upload/storage/v1/b/{bucket}/o"
        query = {"uploadType": "media", "name": name}
        requests.post(url, params=query, data=content, timeout=30).raise_for_status()
        return f"gs://{bucket}/{name}"

    def get(self, bucket: str, name: str) -> str:
        url = f"{self.state.address}/download/storage/v1/b/{bucket}/o/{name.replace('/', '%2F')}?alt=media"
        response = requests.get(url, timeout=30)
        response.raise_for_status()
        return response.text

    def names(self, bucket: str, prefix: str = "") -> list[str]:
        url = f"{self.state.address}/storage/v1/b/{bucket}/o"
        listed = requests.get(url, params={"prefix": prefix}, timeout=30).json()
        return [item["name"] for item in listed.get("items", [])]

    def batch(self, code: str, *arguments: str, **execution: str) -> Json:
        """The body of a batch that runs `code`."""
        main = self.put(self.bucket, f"code/{uuid.uuid4().hex}.py", code.encode())
        return {
            "pysparkBatch": {"mainPythonFileUri": main, "args": list(arguments)},
            "runtimeConfig": {"version": "3.0"},
            "environmentConfig": {"executionConfig": self.execution | execution},
        }

    @property
    def execution(self) -> Json:
        return {
            "serviceAccount": self.account,
            "subnetworkUri": self.subnetwork,
            "authenticationConfig": {"userWorkloadAuthenticationType": "SERVICE_ACCOUNT"},
        }

    def create(self, batch_id: str, body: Json) -> str:
        response = self.call("POST", f"{self.location}/batches?batchId={batch_id}", body)
        assert response.ok, response.text
        return f"{self.location}/batches/{batch_id}"

    def wait(self, name: str, *states: str) -> Json:
        """The batch once it is in one of the states, by default when it has ended."""
        deadline = time.monotonic() + WAIT_SECONDS
        while time.monotonic() < deadline:
            batch: Json = self.call("GET", name).json()
            if batch["state"] in (states or FINAL):
                return batch
            time.sleep(0.2)
        raise AssertionError(f"{name} did not reach {states or FINAL}")

    def settings(self, transformation: Path, pattern: str, endpoint: str, *options: str) -> SparkSettings:
        """As Terraform makes them of a declaration."""
        folder = f"code/{uuid.uuid4().hex}"
        module = self.put(self.bucket, f"{folder}/{transformation.name}", transformation.read_bytes())
        main = self.put(self.bucket, f"{folder}/{DRIVER.name}", DRIVER.read_bytes())
        arguments = [
            "--module",
            transformation.stem,
            "--input",
            f"gs://{self.source}/{pattern}",
            "--format",
            "text",
        ]
        prepared = Preparation(module, [*arguments, *options], f"gs://{self.bucket}/runs/{endpoint}/")
        return SparkSettings(main, self.account, self.subnetwork, {endpoint: prepared})


def create_spark_project(state: State) -> SparkProject:
    suffix = uuid.uuid4().hex[:8]
    project = Project(state)
    account = project.account(f"spark-{suffix}")
    compute = f"{state.address}/compute/v1/projects/{state.project}"
    network = f"projects/{state.project}/global/networks/n-{suffix}"
    post(f"{compute}/global/networks", {"name": f"n-{suffix}", "autoCreateSubnetworks": False})
    subnetwork = {"name": f"s-{suffix}", "network": network, "ipCidrRange": "10.0.0.0/24"}
    post(f"{compute}/regions/{REGION}/subnetworks", subnetwork | {"privateIpGoogleAccess": True})
    member, bucket, source = f"serviceAccount:{account}", f"spark-{suffix}", f"source-{suffix}"
    for name in (bucket, source):
        project.create_bucket(name)
    start = f"projects/_/buckets/{bucket}"
    folder = f'resource.name == "{start}" || resource.name.startsWith("{start}/objects/%s/")'
    read = binding("roles/storage.objectViewer", member, expression=folder % "code")
    write = binding("roles/storage.objectUser", member, expression=folder % "runs")
    assert project.grant(f"storage/v1/b/{bucket}", read, write).ok
    assert project.grant(f"storage/v1/b/{source}", binding("roles/storage.objectViewer", member)).ok
    full_name = f"projects/{state.project}/regions/{REGION}/subnetworks/s-{suffix}"
    return SparkProject(state, account, bucket, source, full_name)


def post(url: str, body: Json) -> None:
    response = requests.post(url, json=body, timeout=30)
    assert response.ok, response.text


def now() -> datetime:
    return datetime.now(UTC)
