"""The steps of the Dockerfile, in an empty environment: there is no container engine to run them in here."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def python(tmp_path_factory):
    """A Python that has nothing but requirements/jobs.txt, as the image's."""
    place = tmp_path_factory.mktemp("image") / "venv"
    uv = Path(sys.executable).parent / "uv"
    subprocess.run([uv, "venv", "-q", "--python", sys.executable, place], check=True)
    pins = ROOT / "requirements/jobs.txt"
    install = [uv, "pip", "install", "-q", "--python", place / "bin/python", "--require-hashes", "-r", pins]
    subprocess.run(install, check=True)
    return place / "bin/python"


@pytest.mark.parametrize(
    "arguments",
    [
        ["connector", "--endpoint", "sales"],
        ["connector.key_rotation"],
        ["pipeline", "hourly"],
        ["pipeline.rehearse", "projects/p", "--release", "h1", "--digest", "1f"],
        ["pipeline.restore", "to", "2026-01-31T09:30:00+00:00"],
        ["report"],
        ["sheets_sync"],
    ],
    ids=lambda arguments: arguments[0],
)
def test_a_job_needs_no_more_than_its_image_holds(python, arguments, tmp_path):
    """Without settings a job ends by naming all that are missing: everything it imports was there."""
    package = arguments[0].split(".")[0]
    for folder in ("runtime", package):
        shutil.copytree(ROOT / folder, tmp_path / folder)
    ended = subprocess.run(
        [python, "-m", *arguments],
        cwd=tmp_path,
        env={},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode != 0
    assert "PROJECT_ID" in ended.stderr and "Traceback" not in ended.stderr


def test_the_image_holds_one_job_and_runs_as_an_ordinary_user():
    recipe = (ROOT / "Dockerfile").read_text()
    assert re.findall(r"^COPY (.+)$", recipe, re.MULTILINE) == [
        "requirements/jobs.txt requirements/parquet.txt requirements/report.txt ./",
        "runtime runtime",
        "${JOB} ${JOB}",
    ]
    assert re.findall(r"^USER (.+)$", recipe, re.MULTILINE) == ["job"]
    [base] = re.findall(r"^FROM (.+)$", recipe, re.MULTILINE)
    minor = (ROOT / ".python-version").read_text().strip()
    assert re.fullmatch(rf"python:{re.escape(minor)}\.\d+-slim-[a-z]+", base), "a Python that does not move"


def test_what_the_connector_imports_stays_little(python, tmp_path):
    """Every module is time before the first request, each time that the job starts. A wrong command is
    refused before Google's clients are imported at all."""
    for folder in ("runtime", "connector"):
        shutil.copytree(ROOT / folder, tmp_path / folder)

    def modules(name: str) -> set[str]:
        code = f"import sys, {name}; print(*sys.modules)"
        return set(subprocess.check_output([python, "-c", code], cwd=tmp_path, text=True).split())

    assert "google.auth" not in modules("connector.__main__")
    run = modules("connector.run.assembly")
    assert run & {"google.cloud.storage", "pandas", "pyarrow", "numpy", "google.cloud.run_v2"} == set()
    assert len(run) < 800  # google-cloud-bigquery is about 200 of them (docs/adr/0010)
