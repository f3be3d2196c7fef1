"""Create the reader of an endpoint: the store of its url, and the ledger in the landing bucket."""

from collections.abc import Callable
from urllib.parse import urlsplit

from connector.raw_schema import Column
from connector.settings import Settings
from connector.sources.files.config import FilesSource
from connector.sources.files.google_files import GoogleFiles
from connector.sources.files.ledger import Ledger
from connector.sources.files.obstore_files import open_obstore
from connector.sources.files.prepared import PreparedFiles, loaded_endpoint
from connector.sources.files.reader import FilesReader
from connector.sources.files.store import FileStore
from runtime.object_store import ObjectStore


def create_reader(
    source: FilesSource,
    name: str,
    settings: Settings,
    open_bucket: Callable[[str], ObjectStore],
    columns: list[Column],
) -> FilesReader:
    """`open_bucket`: a bucket of Cloud Storage by its name, with the job's credentials."""
    # In the landing bucket: the job may only read the bucket of the source.
    ledger = Ledger(open_bucket(settings.bucket), f"{settings.source_name}/{name}")
    endpoint = source.endpoints[name]
    if endpoint.prepare:
        runs = urlsplit(f"{settings.source['PREPARED'].rstrip('/')}/{settings.source_name}/{name}/")
        output = PreparedFiles(open_bucket(runs.netloc), runs.path.lstrip("/"), ledger, source.connections)
        return FilesReader(output, ledger, loaded_endpoint(endpoint), columns, source.connections)
    store = open_store(source, settings, open_bucket)
    return FilesReader(store, ledger, endpoint, columns, source.connections)


def open_store(
    source: FilesSource, settings: Settings, open_bucket: Callable[[str], ObjectStore]
) -> FileStore:
    url = settings.source["URL"]
    parts = urlsplit(url)
    if parts.scheme == "gs":
        folder = parts.path.strip("/")
        return GoogleFiles(open_bucket(parts.netloc), f"{folder}/" if folder else "", source.connections)
    secret = settings.source.get("API_KEY", "")
    return open_obstore(url, settings.source["ENDPOINT"], source.region, secret)
