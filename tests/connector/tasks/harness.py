"""Tasks of one execution that copy the sales of a source: as threads here, or as processes of the sandbox's jobs.

`python -m tests.connector.tasks.harness FOLDER` is one such process. Each part that a task begins to read is a
line of `reads.txt` in the folder, and a task kills itself with SIGKILL at the part that `kill.json` names, once.
"""

import contextlib
import json
import os
import signal
import socket
import sys
import threading
from pathlib import Path
from typing import Any

from connector.landing.files import Landing
from connector.load.warehouse import Warehouse
from connector.run import run
from connector.run.context import RunContext
from connector.settings import read_task
from connector.sources.window import IdRange
from runtime.process import run_job
from runtime.structured_log import open_log
from tests.connector.project import Project
from tests.connector.tasks.sales_sources import Place, create_reader, declare, number_of

# Three of them without a renewal is a dead task; a busy machine delays a living one by a second.
RENEW_SECONDS = 1.0


def create_context(project, place, task, adapter=None, **others):
    """The context of one process, with its own clients and connections."""
    source = declare(place)
    jobs, store = project.clients(adapter)
    options: Any = {"log": open_log(sys.stderr, {}), "renew_seconds": RENEW_SECONDS} | others
    return RunContext(
        name="sales",
        endpoint=source.endpoints["sales"],
        reader=create_reader(place, source, store),
        landing=Landing(store, "sales"),
        store=store,
        warehouse=Warehouse(jobs, store.bucket),
        task=task,
        **options,
    )


class Witness:
    """Between a reader and its run: records each read, and kills the process at the planned one."""

    def __init__(self, folder, place, task, reader):
        self.folder, self.place, self.task = folder, place, task
        self.read = reader.read_part
        kill = folder / "kill.json"
        # The part and the moment; once, because the task that reads the part again must survive.
        self.kill = json.loads(kill.read_text()) if kill.exists() else None
        reader.read_part = self.read_part
        self.lock, self.has_met = threading.Lock(), False

    def read_part(self, position, file_name):
        self.meet()
        number = number_of(position, self.place)
        with (self.folder / "reads.txt").open("a") as output:
            output.write(f"{self.task.index} {self.task.attempt} {number}\n")
        self.die_at(number, "before")
        part = self.read(position, file_name)
        self.die_at(number, "after")
        return part

    def meet(self):
        """At the first part: wait until every task of the test is at its first part."""
        meeting = self.folder / "meeting.txt"
        with self.lock:
            if not self.has_met and meeting.exists():
                with socket.create_connection(("127.0.0.1", int(meeting.read_text()))) as line:
                    line.recv(1)  # returns when the test closes the connection
            self.has_met = True

    def die_at(self, number, moment):
        if self.kill != [number, moment]:
            return
        with contextlib.suppress(FileExistsError):
            (self.folder / "killed").touch(exist_ok=False)
            os.kill(os.getpid(), signal.SIGKILL)


def main() -> None:
    folder = Path(sys.argv[1])
    place = Place(**json.loads((folder / "place.json").read_text()))
    project, task = Project(place.address, place.project, bucket_name=place.bucket), read_task(os.environ)
    context = create_context(project, place, task)
    Witness(folder, place, task, context.reader)
    sys.exit(run_job(lambda: run.copy(context, IdRange()), open_log(sys.stderr, {})))


if __name__ == "__main__":
    main()
