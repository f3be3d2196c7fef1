"""Files in S3, in compatible servers and in local folders, read by obstore."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

import msgspec
import obstore
from obstore.exceptions import (
    BaseError,
    NotFoundError,
    PermissionDeniedError,
    PreconditionError,
    UnauthenticatedError,
)
from obstore.store import LocalStore, S3Store

from connector.errors import KeyRejected, RequestRejected, SourceError, SourceUnavailable
from connector.sources.files.content import UnreadableFile
from connector.sources.files.store import FileInfo, describe_overwritten
from runtime.errors import SettingsError

if TYPE_CHECKING:
    from obstore import GetOptions
    from obstore.store import S3Config  # they do not exist at run time

CHUNK_BYTES = 256 << 10
# Names of unfinished uploads, which object_store lists and reads as if they did not exist.
# https://github.com/apache/arrow-rs-object-store/blob/main/src/local.rs
STAGED = re.compile(r"#\d+$")
STATUS = re.compile(r"status code: (\d{3})")


class S3Secret(msgspec.Struct, frozen=True):
    access_key_id: str
    secret_access_key: str
    session_token: str | None = None


class ObstoreFiles:
    """S3 and compatible servers, and local folders."""

    def __init__(self, store: S3Store | LocalStore, url: str, server: str = "") -> None:
        self.store = store
        self.url = url
        self.server = server
        self.is_local = isinstance(store, LocalStore)

    def list_files(self, prefix: str) -> Iterator[FileInfo]:
        with self._wrap_errors("list", prefix):
            for page in obstore.list(self.store, prefix or None, chunk_size=1000):
                for item in page:
                    modified = item["last_modified"].timestamp()
                    yield FileInfo(item["path"], item["e_tag"] or "", item["size"], modified)
        if self.is_local:
            yield from list_staged(Path(unquote(urlsplit(self.url).path)), prefix)

    def read_chunks(self, file: FileInfo, start: int, end: int) -> Iterator[bytes]:
        if start >= end:
            return
        if self.is_local and STAGED.search(file.key):
            raise UnreadableFile(
                "a name that ends in # and digits is that of an unfinished upload. Rename it."
            )
        with self._wrap_errors("read", file.key):
            received = 0
            for chunk in self._iter_body(file, start, end):
                received += len(chunk)
                yield bytes(chunk)
            # A proxy may end a body early without an error.
            if received != end - start:
                raise SourceUnavailable(
                    f"{self.url}{file.key}: {received} of {end - start} bytes were received"
                )
            # A local file can be overwritten in place while it is read; an S3 object cannot.
            if self.is_local and obstore.head(self.store, file.key)["e_tag"] != file.etag:
                raise SourceUnavailable(describe_overwritten(self.url, file.key))

    def _iter_body(self, file: FileInfo, start: int, end: int) -> Iterator[obstore.Bytes]:
        # The stream of a local file has pieces of 8 KB, each read by another thread: ten times the cost of ranges.
        size = CHUNK_BYTES if self.is_local else end - start
        for first in range(start, end, size):
            options: GetOptions = {"if_match": file.etag, "range": (first, min(first + size, end))}
            response = obstore.get(self.store, file.key, options=options)
            if self.is_local:
                yield response.bytes()
            else:
                yield from response.stream(min_chunk_size=CHUNK_BYTES)

    @contextmanager
    def _wrap_errors(self, action: str, key: str) -> Iterator[None]:
        try:
            yield
        except BaseError as error:
            raise self._describe(error, action, key) from error
        except FileNotFoundError as error:
            raise self._describe(NotFoundError(str(error)), action, key) from error

    def _describe(self, error: BaseError, action: str, key: str) -> SourceError:
        """obstore reports a listing that failed as a GenericError, with the status in its text."""
        status = match[1] if (match := STATUS.search(str(error))) else ""
        if isinstance(error, PreconditionError):
            return SourceUnavailable(describe_overwritten(self.url, key))
        # Listed and then removed: the declaration is right, which it is not for a missing bucket.
        if isinstance(error, NotFoundError) and action == "read":
            return SourceUnavailable(
                f"{self.url}{key} was removed after it was listed; its rows are not in raw"
            )
        if isinstance(error, NotFoundError) or status == "404":
            return RequestRejected(f"{self.url} does not exist. Check the bucket's name in `url`.", 404)
        if isinstance(error, PermissionDeniedError | UnauthenticatedError) or status in ("401", "403"):
            return KeyRejected(
                f"the keys may not {action} {self.url}{key}. Add a correct version of the secret, or grant "
                f"s3:ListBucket and s3:GetObject. ({first_line(error)})"
            )
        if "invalid path" in str(error):
            return RequestRejected(
                f"a name below {self.url}{key} has an empty folder (//) or a control character, or is not UTF-8: "
                f"{error!r:.300}. Rename it, or declare a `glob` with a folder that does not contain it."
            )
        return SourceUnavailable(f"could not {action} {self.url}{key}: {first_line(error)}")


def list_staged(folder: Path, prefix: str) -> Iterator[FileInfo]:
    """Local files that would be missing without a word."""
    for path in (folder / prefix).rglob("*#*"):
        if STAGED.search(path.name) and path.is_file():
            status = path.stat()
            key = path.relative_to(folder).as_posix()
            yield FileInfo(key, f"{status.st_mtime_ns:x}", status.st_size, status.st_mtime)


def first_line(error: BaseError) -> str:
    return str(error).strip().partition("\n")[0]


def open_obstore(url: str, server: str, region: str, secret: str, retries: int = 5) -> ObstoreFiles:
    """The store of an s3:// or file:// url. SettingsError for an invalid secret, RequestRejected without the folder."""
    parts = urlsplit(url)
    if parts.scheme == "file":
        folder = Path(unquote(parts.path))
        if not folder.is_dir():
            raise RequestRejected(f"the folder {folder} of {url} does not exist.")
        return ObstoreFiles(LocalStore(folder), url.rstrip("/") + "/")
    keys = parse_secret(secret)
    config: S3Config = {"region": region}
    if server:
        config["endpoint"] = server
    if keys is None:
        # Otherwise obstore would search for credentials on the machine.
        config["skip_signature"] = True
    else:
        config |= {"access_key_id": keys.access_key_id, "secret_access_key": keys.secret_access_key}
        if keys.session_token:
            config["session_token"] = keys.session_token
    store = S3Store(
        parts.netloc,
        prefix=parts.path.strip("/") or None,
        config=config,
        # `timeout` is of a whole file, `read_timeout` between two pieces of it.
        client_options={
            "allow_http": server.startswith("http://"),
            "connect_timeout": timedelta(seconds=10),
            "read_timeout": timedelta(seconds=60),
            "timeout": timedelta(hours=1),
        },
        retry_config={"max_retries": retries, "retry_timeout": timedelta(seconds=120)},
    )
    return ObstoreFiles(store, url.rstrip("/") + "/", server)


def parse_secret(secret: str) -> S3Secret | None:
    """None without a secret: the bucket is public. The value is never part of a message."""
    if not secret:
        return None
    try:
        return msgspec.json.decode(secret, type=S3Secret)
    except msgspec.MsgspecError:
        # Without the cause, whose text could quote the secret.
        raise SettingsError(
            'the secret of an s3:// source must be JSON: {"access_key_id": "…", "secret_access_key": "…"}.'
        ) from None
