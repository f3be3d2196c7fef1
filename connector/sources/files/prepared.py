"""The output of Spark batches as a folder of files: only that of complete runs, each in one folder.

A batch writes <run>/rows/part-… and at last <run>/_SUCCESS (connector/spark/prepare.py), which lists the files with
their sizes. Names of runs begin with their time.
"""

from collections.abc import Iterator

import msgspec

from connector.errors import SourceUnavailable
from connector.sources.files.config import FilesEndpoint
from connector.sources.files.google_files import Bucket, GoogleFiles
from connector.sources.files.ledger import Ledger
from connector.sources.files.store import FileInfo

SUCCESS = "_SUCCESS"
PART = "rows/part-"
GLOB = f"*/{PART}*"
REASON = "SYS_REJECT_REASON"


class Success(msgspec.Struct, frozen=True):
    """`files`: sizes by name, relative to the folder of the run."""

    files: dict[str, int]


def loaded_endpoint(endpoint: FilesEndpoint) -> FilesEndpoint:
    """The declaration of the output: JSON lines, whatever the batch has read."""
    return msgspec.structs.replace(
        endpoint, glob=GLOB, format={"ndjson": {"reject": REASON}}, prepare=None, keeps_rows=False
    )


class PreparedFiles(GoogleFiles):
    """`folder` of an endpoint, with a slash at its end."""

    def __init__(self, store: Bucket, folder: str, ledger: Ledger, kept_files: int = 2) -> None:
        super().__init__(store, folder, kept_files)
        self.ledger = ledger

    def list_files(self, prefix: str) -> Iterator[FileInfo]:
        """SourceUnavailable without a complete run, or if one lacks what it has written: it would be loaded in part."""
        runs: dict[str, dict[str, FileInfo]] = {}
        for file in super().list_files(prefix):
            run, _, name = file.key.partition("/")
            runs.setdefault(run, {})[name] = file
        if not any(SUCCESS in files for files in runs.values()):
            raise SourceUnavailable(
                f"no batch has completed below {self.url}. The pipeline starts it before this job: see its log, or run "
                "python -m pipeline hourly."
            )
        entries = self.ledger.read_entries()
        for run, files in sorted(runs.items()):
            if SUCCESS not in files:
                continue  # a batch that is running, or that has failed
            parts = [file for name, file in files.items() if name.startswith(PART)]
            # A run that was loaded is complete: its sizes were compared then.
            if not parts or any(file.key not in entries for file in parts):
                self._check(run, files)
            yield from parts

    def _check(self, run: str, files: dict[str, FileInfo]) -> None:
        marker = files[SUCCESS]
        try:
            declared = msgspec.json.decode(self._download(marker), type=Success).files
        except msgspec.MsgspecError as error:
            raise SourceUnavailable(f"{self.url}{marker.key} is not that of a batch: {error}") from error
        sizes = {name: file.size for name, file in files.items()}
        differing = sorted(name for name, size in declared.items() if sizes.get(name) != size)
        if differing:
            raise SourceUnavailable(
                f"{self.url}{run}/ lacks {len(differing)} of the {len(declared)} files that its {SUCCESS} lists, or "
                f"they have another size, first {differing[0]}. Delete the {SUCCESS} of this run and of later ones: "
                "the next batch reads their input again."
            )
