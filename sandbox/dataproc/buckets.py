"""Objects of gs:// addresses as files of a folder, <folder>/<bucket>/<name>, for a Spark without Google's connector.

Requests are sent with the token of the batch's service account, so a grant that is missing fails the batch.
"""

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import quote, urlsplit

import requests

from sandbox.metadata import token_of
from sandbox.state import State

TIMEOUT_SECONDS = 60
WILDCARDS = "*?[{"
SUCCESS = "_SUCCESS"


class StorageFailed(Exception):
    """Cloud Storage rejected a request; the message is Google's."""


@dataclass
class Buckets:
    """`times`: when the files that were downloaded have changed, in nanoseconds."""

    state: State
    account: str
    folder: Path
    times: dict[Path, int] = field(default_factory=dict)

    def path_of(self, uri: str) -> Path:
        return self.folder / uri.removeprefix("gs://")

    def download(self, uris: Iterable[str]) -> set[str]:
        """Everything below the folders of `uris`, which may have wildcards. Returns their buckets."""
        prefixes = {split(uri) for uri in uris}
        for bucket, prefix in sorted(prefixes):
            (self.folder / bucket).mkdir(parents=True, exist_ok=True)
            for item in self._list(bucket, prefix):
                self._store(bucket, item)
        return {bucket for bucket, _ in prefixes}

    def upload(self) -> None:
        """New and changed files, `_SUCCESS` last. Hidden files are Hadoop's own."""
        changed = [path for path in self.folder.rglob("*") if path.is_file() and self._is_new(path)]
        for path in sorted(changed, key=lambda path: (path.name == SUCCESS, path)):
            bucket, _, name = path.relative_to(self.folder).as_posix().partition("/")
            query = {"uploadType": "media", "name": name}
            self._request("POST", f"/upload/storage/v1/b/{bucket}/o", query, path.read_bytes())

    def _is_new(self, path: Path) -> bool:
        return not path.name.startswith(".") and self.times.get(path) != path.stat().st_mtime_ns

    def _store(self, bucket: str, item: dict[str, str]) -> None:
        if item["name"].endswith("/"):  # an empty object that stands for a folder
            return
        path = self.folder / bucket / item["name"]
        path.parent.mkdir(parents=True, exist_ok=True)
        url = f"/storage/v1/b/{bucket}/o/{quote(item['name'], safe='')}"
        path.write_bytes(self._request("GET", url, {"alt": "media"}).content)
        # Hadoop reports the object's time, by which a program recognizes a file that it has read before.
        since = datetime.fromisoformat(item["updated"]) - datetime.fromtimestamp(0, UTC)
        # Not as a float, which is a millisecond less now and then.
        moment = since // timedelta(microseconds=1) * 1000
        os.utime(path, ns=(moment, moment))
        self.times[path] = path.stat().st_mtime_ns

    def _list(self, bucket: str, prefix: str) -> Iterator[dict[str, str]]:
        token = ""
        while True:
            query = {"prefix": prefix} | ({"pageToken": token} if token else {})
            page = self._request("GET", f"/storage/v1/b/{bucket}/o", query).json()
            yield from page.get("items", [])
            token = page.get("nextPageToken", "")
            if not token:
                return

    def _request(self, method: str, path: str, query: dict[str, str], body: bytes = b"") -> requests.Response:
        headers = {"Authorization": f"Bearer {token_of(self.account)}"}
        url = self.state.address + path
        response = requests.request(
            method, url, params=query, data=body, headers=headers, timeout=TIMEOUT_SECONDS
        )
        if not response.ok:
            target = f"{path} {query.get('name', '')}".strip()
            raise StorageFailed(f"{response.status_code} for {method} {target}: {message_of(response)}")
        return response


def message_of(response: requests.Response) -> str:
    """Google's message, or the beginning of another body."""
    try:
        return str(response.json()["error"]["message"])
    except (ValueError, KeyError, TypeError):
        return response.text[:300]


def split(uri: str) -> tuple[str, str]:
    """The bucket, and the object or the folder before the first wildcard."""
    parts = urlsplit(uri.replace("?", "%3F"))
    name = parts.path.lstrip("/").replace("%3F", "?")
    wild = min((name.index(each) for each in WILDCARDS if each in name), default=len(name))
    return parts.netloc, name if wild == len(name) else name[: name.rfind("/", 0, wild) + 1]
