"""Running batches, each in a thread; their state is in the store and survives a restart."""

import shutil
import subprocess
import threading
from contextlib import suppress
from pathlib import Path

from sandbox.background import store_end
from sandbox.dataproc import batch as batches
from sandbox.dataproc import spark
from sandbox.dataproc.buckets import Buckets, StorageFailed
from sandbox.jobs.task_process import LAUNCH, stop
from sandbox.resources.service import Service
from sandbox.resources.store import Json


class BatchFailed(Exception):
    """The message is that of the batch's state."""


class Runner:
    def __init__(self, service: Service) -> None:
        self.service = service
        self._lock = threading.Lock()
        self._processes: dict[str, subprocess.Popen[bytes]] = {}
        self._cancelled: set[str] = set()

    def start(self, batch: Json) -> None:
        # A daemon thread does not delay the end of the sandbox; Spark ends with it, see jobs/child.py.
        threading.Thread(target=self._run, args=(batch,), daemon=True).start()

    def cancel(self, name: str) -> None:
        with self._lock:
            batch = self.service.find(name)
            if batch["state"] in batches.FINAL:
                return
            self._cancelled.add(name)
            self._store(batches.enter(batch, "CANCELLING"))
            if process := self._processes.get(name):
                stop(process)

    def fail_interrupted(self) -> None:
        """Batches that a stopped sandbox left running: their processes ended with it."""
        for batch in self.service.store.matching(self.service.key("projects/*/batches/*")):
            if batch["state"] not in batches.FINAL:
                self._store(batches.enter(batch, "FAILED", "The sandbox was stopped."))

    def log_path(self, name: str) -> Path:
        return self.service.state.root / "logs" / "batches" / f"{name.rsplit('/', 1)[-1]}.log"

    def _run(self, batch: Json) -> None:
        name = batch["name"]
        folder = self.service.state.root / "batches" / batch["uuid"]
        try:
            self._run_spark(batch, folder)
            state, message = "SUCCEEDED", ""
        except (BatchFailed, StorageFailed) as error:
            state, message = "FAILED", str(error)
        except Exception as error:  # without a result a client would poll the batch for ever
            state, message = "FAILED", f"The sandbox could not run the batch: {error!r}"
        shutil.rmtree(folder, ignore_errors=True)
        with self._lock:
            self._processes.pop(name, None)
            if name in self._cancelled:
                state, message = "CANCELLED", "Batch was cancelled."
            store_end(lambda: self._store(batches.enter(self.service.find(name), state, message)))

    def _run_spark(self, batch: Json, folder: Path) -> None:
        """BatchFailed or StorageFailed unless the program ended with 0 and its output is in the buckets."""
        if missing := spark.missing_part():
            raise BatchFailed(missing)
        pyspark = batch["pysparkBatch"]
        account = batch["environmentConfig"]["executionConfig"]["serviceAccount"]
        scratch = folder / "scratch"
        scratch.mkdir(parents=True)
        # Apart from the data: Python writes files beside the code, which are not uploaded.
        code = Buckets(self.service.state, account, folder / "code")
        data = Buckets(self.service.state, account, folder / "objects")
        uris = [pyspark["mainPythonFileUri"], *pyspark.get("pythonFileUris", [])]
        code.download(uris)
        if absent := [uri for uri in uris if not code.path_of(uri).exists()]:
            raise BatchFailed(f"{absent[0]} does not exist.")
        names = data.download(
            argument for argument in pyspark.get("args", []) if argument.startswith("gs://")
        )
        try:
            self._execute(batch, spark.command(pyspark, code, data, names), scratch)
        except BatchFailed:
            # On Dataproc the files of a batch that failed would be there too; its reason is not that of an upload.
            with suppress(StorageFailed):
                data.upload()
            raise
        data.upload()

    def _execute(self, batch: Json, command: list[str], scratch: Path) -> None:
        path = self.log_path(batch["name"])
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("ab", buffering=0) as log:
            process = self._open(batch["name"], command, scratch, log.fileno())
            ttl = batch["environmentConfig"]["executionConfig"].get("ttl", "14400s")
            try:
                code = process.wait(float(ttl.rstrip("s")))
            except subprocess.TimeoutExpired:
                stop(process)
                process.wait()
                raise BatchFailed(f"The batch has reached its ttl of {ttl}.") from None
        if code:
            reason = spark.failure_reason(path.read_text(errors="replace"))
            raise BatchFailed(f"Job failed with message [{reason}]. Its log: {path}")

    def _open(self, name: str, command: list[str], scratch: Path, log: int) -> subprocess.Popen[bytes]:
        with self._lock:
            if name in self._cancelled:
                raise BatchFailed("Batch was cancelled.")
            process = subprocess.Popen(
                [*LAUNCH, *command],
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=subprocess.STDOUT,
                env=spark.variables(scratch),
                cwd=scratch,
                start_new_session=True,  # Ctrl-C in a terminal must signal only the sandbox
            )
            self._processes[name] = process
            self._store(batches.enter(self.service.find(name), "RUNNING"))
        return process

    def _store(self, batch: Json) -> None:
        self.service.store.put(self.service.key(batch["name"]), batch)
