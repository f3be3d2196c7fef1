"""A 403 of Cloud Storage is its own error: it can also mean that the object is missing."""

import pytest
import requests

from runtime.errors import StorageDenied, StorageError
from runtime.object_store import ObjectStore


class FailingApi:
    """An ApiClient whose every request fails with one status."""

    def __init__(self, status: int) -> None:
        self.status = status

    def send(self, *_: object) -> requests.Response:
        response = requests.Response()
        response.status_code = self.status
        raise requests.HTTPError(f"{self.status}", response=response)


@pytest.mark.parametrize(
    ("status", "error"), [(403, StorageDenied), (404, StorageError), (500, StorageError)]
)
def test_only_403_is_denied(status: int, error: type[StorageError]) -> None:
    store = ObjectStore(FailingApi(status), "landing")  # type: ignore[arg-type]
    with pytest.raises(StorageError) as raised:
        store.read_current("pipeline/lease.json")
    assert type(raised.value) is error
    assert "gs://landing/pipeline/lease.json" in str(raised.value)


def test_the_remedy_names_the_role_and_the_condition() -> None:
    store = ObjectStore(FailingApi(403), "landing")  # type: ignore[arg-type]
    with pytest.raises(
        StorageDenied, match=r"roles/storage\.objectUser .+ must also match the bucket itself"
    ):
        store.read_current("pipeline/lease.json")
