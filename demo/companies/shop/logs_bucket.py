"""The bucket of Google Cloud Storage with the web servers' access logs, whose owner lets Spark read it."""

from collections.abc import Callable
from dataclasses import dataclass, field

import requests

from demo.cloud import TIMEOUT_SECONDS
from demo.companies.shop.clickstream import render_log
from demo.companies.shop.data import ShopData
from sandbox.state import State

BUCKET, FOLDER = "shop-access-logs", "web/"
READER = "roles/storage.objectViewer"


@dataclass
class LogsBucket:
    """`put` stores a file. `files` are the contents that were stored: a file is stored again only when it changes."""

    put: Callable[[str, bytes], None]
    files: dict[str, bytes] = field(default_factory=dict)

    def publish(self, data: ShopData) -> None:
        logs = {name: render_log(log, data.broken.get(name, [])) for name, log in data.logs.items()}
        for name, content in logs.items():
            if self.files.get(name) != content:
                self.put(FOLDER + name, content)
        self.files = logs


def create_logs_bucket(state: State, reader: str, bucket: str = BUCKET) -> LogsBucket:
    """`reader`: the e-mail of the service account that batches run as."""
    start = f"{state.address}/storage/v1/b"
    answer = requests.post(
        start, params={"project": state.project}, json={"name": bucket}, timeout=TIMEOUT_SECONDS
    )
    answer.raise_for_status()
    bindings = [{"role": READER, "members": [f"serviceAccount:{reader}"]}]
    granted = requests.put(f"{start}/{bucket}/iam", json={"bindings": bindings}, timeout=TIMEOUT_SECONDS)
    granted.raise_for_status()

    def put(name: str, content: bytes) -> None:
        url = f"{state.address}/upload/storage/v1/b/{bucket}/o"
        query = {"uploadType": "media", "name": name}
        requests.post(url, params=query, data=content, timeout=TIMEOUT_SECONDS).raise_for_status()

    return LogsBucket(put)
