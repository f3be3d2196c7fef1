"""Rules of the codebase: who may import whom, what a file may say."""

import ast
import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGES = ("connector", "pipeline", "sheets_sync", "sandbox", "scripts")
TRACKED = [
    ROOT / name
    for name in subprocess.run(
        ["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.split("\n")
    if name and (ROOT / name).is_file()
]


def imported(path: Path) -> set[str]:
    """Top-level names that a file imports, wherever in it."""
    names = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names.add(node.module.split(".")[0])
    return names


@pytest.mark.parametrize("package", PACKAGES)
def test_packages_never_import_each_other(package):
    files = [path for path in TRACKED if path.suffix == ".py" and path.is_relative_to(ROOT / package)]
    assert files
    foreign = {
        f"{path.relative_to(ROOT)} imports {name}"
        for path in files
        for name in imported(path) & {*PACKAGES, "tests"} - {package}
    }
    assert foreign == set()


def test_the_sandbox_is_independent_of_the_product_and_of_the_demo():
    """The demo may import the sandbox; it runs the product's commands and imports none of its packages."""
    own = [path for path in TRACKED if path.is_relative_to(ROOT / "sandbox") and path.suffix != ".json"]
    sandbox = [path for path in own if path.suffix == ".py"]
    demo = [path for path in TRACKED if path.suffix == ".py" and path.is_relative_to(ROOT / "demo")]
    product = {"runtime", "connector", "pipeline", "sheets_sync", "scripts"}
    assert sandbox and demo
    assert [path for path in sandbox if imported(path) & {*product, "demo", "benchmarks", "tests"}] == []
    assert [path for path in demo if imported(path) & {*product, "benchmarks", "tests"}] == []
    assert [path for path in own if "retail" in path.read_text(errors="replace").lower()] == []


@pytest.mark.parametrize("package", ["connector", "pipeline", "sheets_sync"])
def test_the_product_knows_no_place_it_runs_in(package):
    """No `if local`: a job never names the sandbox, an emulator or this machine."""
    words = ("sandbox", "emulator", "127.0.0.1", "localhost")
    files = [path for path in TRACKED if path.suffix == ".py" and path.is_relative_to(ROOT / package)]
    said = {
        f"{path.relative_to(ROOT)}: {word}"
        for path in files
        for word in words
        if word in path.read_text().lower()
    }
    assert said == set()


def test_few_files_speak_to_bigquery_through_its_client():
    """The connector sends its own requests (docs/adr/0004); elsewhere one file asks, one puts it together."""
    asks = re.compile(r"^\s*(from google\.cloud import .*\bbigquery|import google\.cloud\.bigquery)\b", re.M)
    jobs = [path for path in TRACKED if path.suffix == ".py" and path.parts[len(ROOT.parts)] in PACKAGES[:3]]
    found = {str(path.relative_to(ROOT)) for path in jobs if asks.search(path.read_text())}
    assert found == {"pipeline/assembly.py", "sheets_sync/__main__.py", "sheets_sync/warehouse.py"}


def test_only_main_exits():
    exits = {
        str(path.relative_to(ROOT))
        for path in TRACKED
        if path.suffix == ".py"
        and path.relative_to(ROOT).parts[0] in {"connector", "pipeline", "sheets_sync"}
        if path.name != "__main__.py" and "sys.exit" in path.read_text()
    }
    assert exits == set()


def test_only_what_needs_terraform_is_ever_skipped():
    """And its reason says so: a test that waits for something else proves nothing anywhere."""
    skips = re.compile(r"(?:pytest\.skip|skipif|mark\.skip|xfail|importorskip)\(.+")
    found = [
        line
        for path in TRACKED
        if path.is_relative_to(ROOT / "tests") and path.suffix == ".py"
        for line in skips.findall(path.read_text())
    ]
    others = [line for line in found if "terraform" not in line and "google provider" not in line]
    assert found and others == []


def test_no_shelf_for_leftovers():
    names = {path.relative_to(ROOT).as_posix() for path in TRACKED}
    leftovers = {
        name for name in names if set(Path(name).parts) & {"common", "utils", "helpers.py", "utils.py"}
    }
    assert leftovers == set()


def test_every_pin_has_a_hash_and_no_address():
    for path in (ROOT / "requirements").glob("*.txt"):
        text = path.read_text()
        assert "://" not in text, path
        pins = [line for line in text.splitlines() if line and not line.startswith((" ", "#"))]
        assert pins and all("==" in pin for pin in pins), path
        assert text.count("--hash=sha256:") >= len(pins), path


def test_the_jobs_carry_what_the_machine_tests():
    """What the images hold is a part of requirements/dev.txt: the same versions."""

    def pins(name: str) -> set[str]:
        lines = (ROOT / "requirements" / f"{name}.txt").read_text().splitlines()
        return {
            line.split(";")[0].rstrip(" \\") for line in lines if "==" in line and not line.startswith(" ")
        }

    assert (pins("jobs") | pins("parquet")) - pins("dev") == set()
