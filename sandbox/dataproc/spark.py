"""The command of Spark for a batch, in an environment of its own, and the reason of its failure."""

import os
import shutil
from collections.abc import Iterable
from pathlib import Path

from sandbox.dataproc.buckets import Buckets
from sandbox.resources.store import Json

REPOSITORY = Path(__file__).parents[2]
SPARK = REPOSITORY / ".sandbox" / "spark" / "venv" / "bin"  # of `make .sandbox/spark/.installed`
MASTER, MEMORY = "local[2]", "1g"
TRACEBACK = "Traceback (most recent call last):"
VIEWFS = "org.apache.hadoop.fs.viewfs.ViewFileSystemOverloadScheme"
# gs:// is a view of local folders: a program opens the addresses that it has on Dataproc.
GS = {
    "fs.gs.impl": VIEWFS,
    "fs.viewfs.overload.scheme.target.gs.impl": "org.apache.hadoop.fs.LocalFileSystem",
}


def missing_part() -> str:
    """What this machine lacks for Spark, with its remedy; "" if nothing."""
    if not (SPARK / "spark-submit").exists():
        return "pyspark is not installed: run make .sandbox/spark/.installed"
    if not java_home() and not shutil.which("java"):
        return (
            "java was not found: Spark needs Java 17 or 21, for example the package openjdk-17-jre-headless"
        )
    return ""


def java_home() -> str:
    return os.environ.get("JAVA_HOME", "")


def command(pyspark: Json, code: Buckets, data: Buckets, names: Iterable[str]) -> list[str]:
    """`names`: the buckets in `data`."""
    mounts = {f"fs.viewfs.mounttable.{name}.linkFallback": f"file://{data.folder / name}" for name in names}
    settings = {f"spark.hadoop.{name}": value for name, value in (GS | mounts).items()}
    settings |= {
        "spark.ui.enabled": "false",
        "spark.driver.bindAddress": "127.0.0.1",
        "spark.driver.host": "127.0.0.1",
    }
    modules = [str(code.path_of(uri)) for uri in pyspark.get("pythonFileUris", [])]
    return [
        str(SPARK / "spark-submit"),
        *("--master", MASTER, "--driver-memory", MEMORY),
        *(part for name, value in settings.items() for part in ("--conf", f"{name}={value}")),
        *(["--py-files", ",".join(modules)] if modules else []),
        str(code.path_of(pyspark["mainPythonFileUri"])),
        *pyspark.get("args", []),
    ]


def variables(scratch: Path) -> dict[str, str]:
    """Without the user's own settings."""
    java = {"JAVA_HOME": java_home()} if java_home() else {}
    return java | {
        "PATH": os.environ.get("PATH", os.defpath),
        "HOME": str(scratch),
        "LANG": "C.UTF-8",
        "PYSPARK_PYTHON": str(SPARK / "python"),
        "SPARK_LOCAL_IP": "127.0.0.1",
        "SPARK_LOCAL_DIRS": str(scratch),
        "TMPDIR": str(scratch),
        "JAVA_TOOL_OPTIONS": f"-Djava.io.tmpdir={scratch}",
        "PYTHONUNBUFFERED": "1",
    }


def failure_reason(log: str) -> str:
    """The last error of Python in the log of a batch, else the log's last line."""
    _, traceback, trace = log.rpartition(TRACEBACK)
    lines = [line for line in (trace if traceback else log).splitlines() if line.strip()]
    errors = [line for line in lines if traceback and not line[0].isspace()]
    return (errors or lines[-1:] or ["no output"])[0]
