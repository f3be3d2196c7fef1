"""Rules of the codebase: imports between packages, and contents of files."""

import ast
import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
JOBS = ("connector", "pipeline", "report", "sheets_sync")
PACKAGES = (*JOBS, "runtime", "scripts", "sandbox", "demo", "benchmarks", "tests")
# The packages that each package may import besides itself: docs/adr/0010.
ALLOWED_IMPORTS = {
    "runtime": set(),
    **{job: {"runtime"} for job in JOBS},
    # A deployment runs the checks of the jobs' declarations; `test_only_the_deployment_imports_jobs` states where.
    "scripts": {"runtime", "connector", "sheets_sync"},
    "sandbox": set(),
    "demo": {"sandbox"},
}
# Flags with underscores that stay as aliases, because the design requires them.
FLAG_ALIASES = {"--start_sales_id", "--end_sales_id"}
TRACKED = [
    ROOT / name
    for name in subprocess.run(
        ["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.split("\n")
    if name and (ROOT / name).is_file()
]


def imported(path: Path) -> set[str]:
    """Top-level names that a file imports, anywhere in it."""
    names = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names.add(node.module.split(".")[0])
    return names


def python_files(package: str) -> list[Path]:
    return [path for path in TRACKED if path.suffix == ".py" and path.is_relative_to(ROOT / package)]


@pytest.mark.parametrize("package", ALLOWED_IMPORTS)
def test_jobs_import_only_runtime(package):
    files = python_files(package)
    assert files
    foreign = {
        f"{path.relative_to(ROOT)} imports {name}"
        for path in files
        for name in imported(path) & set(PACKAGES) - {package} - ALLOWED_IMPORTS[package]
    }
    assert foreign == set()


def test_only_the_deployment_imports_jobs():
    files = [path for path in python_files("scripts") if imported(path) & set(JOBS)]
    assert [path.relative_to(ROOT).as_posix() for path in files] == ["scripts/deploy/declarations.py"]


def test_the_sandbox_contains_nothing_of_the_demo():
    """The demo adds its shop to the sandbox as an extension, and runs the product by its commands."""
    files = [path for path in TRACKED if path.is_relative_to(ROOT / "sandbox") and path.suffix != ".json"]
    assert files
    assert [path for path in files if "retail" in path.read_text(errors="replace").lower()] == []


@pytest.mark.parametrize("package", ["runtime", *JOBS])
def test_the_product_has_no_branch_for_its_environment(package):
    """No `if local`: a job never names the sandbox, an emulator or this machine."""
    places = ("sandbox", "emulator", "127.0.0.1", "localhost")
    mentions = {
        f"{path.relative_to(ROOT)}: {place}"
        for path in python_files(package)
        for place in places
        if place in path.read_text().lower()
    }
    assert mentions == set()


def test_the_errors_of_googles_clients_are_listed_once():
    """An incomplete list ends a job with a traceback: use runtime.google_errors.CLIENT_ERRORS."""
    api = r"(?=[^()]*\bGoogleAPI(?:Call)?Error\b)"
    lists = re.compile(rf"\({api}(?=[^()]*\bGoogleAuthError\b)[^()]*\)")
    files = [path for package in ("runtime", "scripts", *JOBS) for path in python_files(package)]
    listing = [path.relative_to(ROOT).as_posix() for path in files if lists.search(path.read_text())]
    assert listing == ["runtime/google_errors.py"]


def test_few_files_use_the_bigquery_client():
    """Tests replace the client at these places; other files receive it, or rows and schemas, as arguments."""
    imports = re.compile(r"^\s*(from google\.cloud import .*\b|import google\.cloud\.)bigquery\b", re.M)
    files = [path for job in JOBS for path in python_files(job)]
    users = {path.relative_to(ROOT).as_posix() for path in files if imports.search(path.read_text())}
    assert users == {
        "connector/load/bigquery_tables.py",
        "connector/load/warehouse.py",
        "connector/run/assembly.py",
        "pipeline/assembly.py",
        "report/assembly.py",
        "pipeline/rehearse/assembly.py",
        "pipeline/restore/assembly.py",
        "sheets_sync/__main__.py",
        "sheets_sync/warehouse.py",
    }


def test_flags_are_kebab_case():
    """A flag with an underscore is an alias in FLAG_ALIASES, beside a kebab-case one."""
    wrong = {
        f"{path.relative_to(ROOT)}:{node.lineno}: {flag}"
        for package in PACKAGES
        for path in python_files(package)
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Call)
        for flag in snake_case_flags(node)
    }
    assert wrong == set()


def snake_case_flags(call: ast.Call) -> list[str]:
    """Flags that a call such as `add_argument("--from", "--start_sales_id", help=…)` declares wrongly."""
    texts = [item.value for item in call.args if isinstance(item, ast.Constant)]
    flags = [text for text in texts if isinstance(text, str) and re.fullmatch(r"--\w[\w-]*", text)]
    is_declaration = bool({"help", "action", "type", "dest"} & {keyword.arg for keyword in call.keywords})
    kebab = [flag for flag in flags if "_" not in flag]
    return [flag for flag in flags if is_declaration and "_" in flag and not (flag in FLAG_ALIASES and kebab)]


def test_only_main_exits():
    exits = {
        str(path.relative_to(ROOT))
        for path in TRACKED
        if path.suffix == ".py" and path.relative_to(ROOT).parts[0] in set(JOBS)
        if path.name != "__main__.py" and "sys.exit" in path.read_text()
    }
    assert exits == set()


def test_only_tests_that_need_a_program_are_skipped():
    """Their reason names Terraform, the provider, act, Java, or the package of a server."""
    skips = re.compile(r"(?:pytest\.skip|skipif|mark\.skip|xfail|importorskip)\(.+")
    reasons = [
        line
        for path in TRACKED
        if path.is_relative_to(ROOT / "tests") and path.suffix == ".py"
        for line in skips.findall(path.read_text())
    ]
    named = ("terraform", "google provider", "NO_ACT", "NO_JAVA", "NO_MARIADB", "NO_PROMETHEUS")
    others = [line for line in reasons if not any(name in line for name in named)]
    assert reasons and others == []


def test_no_module_is_called_utils():
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


def test_the_images_contain_the_tested_versions():
    """The pins of the images are a subset of requirements/dev.txt."""

    def pins(name: str) -> set[str]:
        lines = (ROOT / "requirements" / f"{name}.txt").read_text().splitlines()
        return {
            line.split(";")[0].rstrip(" \\") for line in lines if "==" in line and not line.startswith(" ")
        }

    assert (pins("jobs") | pins("parquet") | pins("report")) - pins("dev") == set()
