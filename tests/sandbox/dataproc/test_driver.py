"""The driver without a batch: what Spark reads of files with odd names, and the texts that it writes."""

import json
import subprocess

import pytest

from sandbox.dataproc.spark import SPARK, variables
from tests.spark_project import DRIVER, NO_JAVA, has_java

pytestmark = pytest.mark.skipif(not has_java(), reason=NO_JAVA)
NAMES = ("a.txt", "b[1].txt", "c{x}.txt", "d*f.txt", "dxf.txt", "g\\h.txt", "i?.txt", "j k.txt", "l=1.txt")
IGNORED = ("_m.txt", ".n.txt", "o.txt._COPYING_")
TRANSFORMATION = """
def transform(lines):
    moment = "timestamp'2026-01-01 10:00:00.123456'"
    return lines.selectExpr("value", f"{moment} as at", f"struct(timestamp_ntz{moment[9:]} as local) as nested")
"""


def test_every_file_is_read_once_and_times_keep_microseconds(tmp_path):
    source = tmp_path / "in"
    source.mkdir()
    for name in (*NAMES, *IGNORED):
        (source / name).write_text(f"{name}\n")
    (tmp_path / "odd.py").write_text(TRANSFORMATION)
    folder = tmp_path / "runs" / "1"
    arguments = ["--module", "odd", "--input", f"file://{source}/*", "--format", "text", "--keeps-rows"]
    arguments += ["--runs", f"file://{tmp_path}/runs/", "--output", f"file://{folder}/"]
    command = [str(SPARK / "spark-submit"), "--master", "local[1]", "--conf", "spark.ui.enabled=false"]
    modules = ["--py-files", str(tmp_path / "odd.py")]
    finished = subprocess.run(
        [*command, *modules, str(DRIVER), *arguments],
        env=variables(tmp_path),
        capture_output=True,
        check=True,
    )
    assert f"{len(NAMES)} new files, {len(IGNORED)} ignored" in finished.stdout.decode()
    rows = [json.loads(line) for part in folder.glob("rows/part-*") for line in part.read_text().splitlines()]
    assert sorted(row["value"] for row in rows) == sorted(NAMES)
    assert {(row["at"], row["nested"]["local"]) for row in rows} == {
        ("2026-01-01T10:00:00.123456Z", "2026-01-01T10:00:00.123456")
    }
    inputs = json.loads((folder / "_SUCCESS").read_text())["inputs"]
    assert sorted(path.rpartition("/")[2] for path in inputs) == sorted(NAMES)
