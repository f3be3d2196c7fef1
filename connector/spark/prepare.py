"""Spark's driver for an endpoint with `prepare: spark`: new files → transformation → JSON lines, then `_SUCCESS`.

`_SUCCESS` is written last and by this program only: a folder without it is incomplete and is never loaded. It lists
the versions of the files that were read until now, so the next batch reads only new and changed ones, and the size of
each file that was written, which the connector compares before it loads the folder.
"""

import argparse
import importlib
import json
import re
import sys
from collections.abc import Callable
from typing import Any

from pyspark.sql import DataFrame, Observation, SparkSession
from pyspark.sql.functions import col, count, lit

SUCCESS = "_SUCCESS"
ROWS = "rows"
# A row with this column is a reject: its text is the reason. The connector stores and counts it.
REASON = "SYS_REJECT_REASON"
# Spark's defaults end at milliseconds.
TIME_FORMATS = {
    "timestampFormat": "yyyy-MM-dd'T'HH:mm:ss.SSSSSSXXX",
    "timestampNTZFormat": "yyyy-MM-dd'T'HH:mm:ss.SSSSSS",
}
MAX_FILE_ROWS = 250_000  # the connector has a file or two in memory
Transformation = Callable[[DataFrame], DataFrame]
Version = list[int]  # size in bytes and time of the last change in milliseconds


class IncompleteOutput(Exception):
    """What was written is not what was read. The batch fails, and its folder is never loaded."""


def main() -> None:
    arguments = create_parser().parse_args()
    # Times as text do not depend on where the batch runs.
    spark = SparkSession.builder.config("spark.sql.session.timeZone", "UTC").getOrCreate()
    folders = Folders(spark)
    # It is also the error for a batch that runs twice: nothing may be added to a folder that is complete.
    if folders.exists(f"{arguments.output}{SUCCESS}"):
        raise IncompleteOutput(f"{arguments.output} is already complete.")
    earlier = read_inputs(folders, arguments.runs)
    matching = folders.list_files(arguments.input)
    inputs = {path: version for path, version in matching.items() if not is_ignored(path)}
    new = sorted(path for path, version in inputs.items() if earlier.get(path) != version)
    transform: Transformation = importlib.import_module(arguments.module).transform
    report = (
        prepare(spark, folders, arguments, new, transform)
        if new
        else {"written": 0, "rejected": 0, "files": {}}
    )
    counts = {name: report[name] for name in report if name != "files"}
    ignored = len(matching) - len(inputs)
    sys.stdout.write(f"{len(new)} new files, {ignored} ignored for their names: {json.dumps(counts)}\n")
    folders.write(f"{arguments.output}{SUCCESS}", json.dumps(report | {"inputs": inputs}))
    spark.stop()


def create_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="prepare", description=__doc__)
    add = parser.add_argument
    add("--module", required=True, help="a module with the function transform(frame: DataFrame) -> DataFrame")
    add("--input", required=True, help="files to read, with wildcards")
    add("--format", required=True, help="a data source of Spark, for example text or csv")
    add("--options", default="{}", type=json.loads, help="of the data source, as JSON")
    add("--runs", required=True, help="the folder of all runs, with a slash at its end")
    add("--output", required=True, help="the folder of this run, with a slash at its end")
    add("--keeps-rows", action="store_true", help="fail unless each row read is a row or a reject")
    return parser


def prepare(
    spark: SparkSession,
    folders: "Folders",
    arguments: argparse.Namespace,
    new: list[str],
    transform: Transformation,
) -> dict[str, Any]:
    """Numbers of rows read (only with --keeps-rows), written and rejected; sizes by file. IncompleteOutput."""
    reader = spark.read.format(arguments.format).options(**arguments.options)
    frame = reader.load([escape(path) for path in new])
    # A pass of its own: rows that a transformation drops early are not counted by an observation.
    read = frame.count() if arguments.keeps_rows else None
    counts = write_rows(transform(frame), f"{arguments.output}{ROWS}")
    written, rejected = counts["rows"] - counts["rejects"], counts["rejects"]
    if read is not None and read != written + rejected:
        raise IncompleteOutput(
            f"{read} rows were read, {written} written and {rejected} rejected. Remove `keeps_rows` if the "
            "transformation drops or adds rows on purpose."
        )
    # Read again: a file that the commit lost is noticed here.
    stored = spark.read.text(f"{arguments.output}{ROWS}").count()
    if stored != counts["rows"]:
        raise IncompleteOutput(f"{counts['rows']} rows were written and {stored} are stored.")
    files = folders.list_files(f"{arguments.output}{ROWS}/part-*")
    sizes = {f"{ROWS}/{path.rpartition('/')[2]}": version[0] for path, version in files.items()}
    return {"read": read, "written": written, "rejected": rejected, "files": sizes}


def write_rows(frame: DataFrame, folder: str) -> dict[str, int]:
    """As JSON lines; NULL is an absent field. Counts of rows, of which `rejects` have a reason."""
    # count(column) leaves NULL out.
    reasons = count(col(REASON)) if REASON in frame.columns else count(lit(None))
    observation = Observation()
    counted = frame.observe(observation, count(lit(1)).alias("rows"), reasons.alias("rejects"))
    # Spark's own marker would say that the rows are complete before they are counted.
    unmarked = counted.write.option("mapreduce.fileoutputcommitter.marksuccessfuljobs", "false").options(
        maxRecordsPerFile=MAX_FILE_ROWS, **TIME_FORMATS
    )
    unmarked.mode("errorifexists").json(folder)
    return {name: int(value) for name, value in observation.get.items()}


def read_inputs(folders: "Folders", runs: str) -> dict[str, Version]:
    """The inputs of the newest complete run: names of runs begin with their time."""
    complete = sorted(folders.list_files(f"{runs}*/{SUCCESS}"))
    return dict(json.loads(folders.read(complete[-1]))["inputs"]) if complete else {}


def escape(path: str) -> str:
    """A pattern that only this path matches. Spark regards every path as a pattern, and names may have brackets."""
    return re.sub(r"([][{}*?\\])", r"\\\1", path)


def is_ignored(path: str) -> bool:
    """Whether Spark reads nothing of a file, for its name: without an error, so it must not be listed as read.

    https://github.com/apache/spark/blob/v4.0.1/core/src/main/scala/org/apache/spark/util/HadoopFSUtils.scala
    """
    name = path.rpartition("/")[2]
    if name.startswith(("_common_metadata", "_metadata")):
        return False
    return name.startswith(".") or name.endswith("._COPYING_") or (name.startswith("_") and "=" not in name)


class Folders:
    """Hadoop's file systems: on Dataproc gs:// is Cloud Storage."""

    def __init__(self, spark: SparkSession) -> None:
        context: Any = spark.sparkContext
        self.hadoop = context._jvm.org.apache.hadoop.fs
        self.configuration = context._jsc.hadoopConfiguration()

    def _open(self, path: str) -> tuple[Any, Any]:
        target = self.hadoop.Path(path)
        return target.getFileSystem(self.configuration), target

    def list_files(self, pattern: str) -> dict[str, Version]:
        """Versions by path. Empty objects that stand for folders are left out."""
        system, path = self._open(pattern)
        return {
            status.getPath().toString(): [status.getLen(), status.getModificationTime()]
            for status in system.globStatus(path) or []
            if status.isFile()
        }

    def exists(self, path: str) -> bool:
        system, target = self._open(path)
        return bool(system.exists(target))

    def read(self, path: str) -> str:
        system, target = self._open(path)
        stream = system.open(target)
        try:
            return bytes(stream.readAllBytes()).decode()
        finally:
            stream.close()

    def write(self, path: str, text: str) -> None:
        """An error if it exists."""
        system, target = self._open(path)
        stream = system.create(target, False)
        stream.write(bytearray(text.encode()))
        stream.close()


if __name__ == "__main__":
    main()
