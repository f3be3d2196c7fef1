"""python -m tests.terraform.mutate [WORD …]: apply each dangerous edit to a copy; its named test must fail.

With words, only mutations whose name contains all of them. Exit code 1 if a mutation is not detected.
"""

import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tests.terraform.hcl_files import ROOT
from tests.terraform.mutations import MUTATIONS, Mutation

SHARED = (".venv", "sandbox/node_modules")  # linked into the copy: large, and not changed by a mutation
TESTS_FAILED = 1  # of pytest; other codes are errors of the test itself


def main() -> None:
    filters = sys.argv[1:]
    chosen = [mutation for mutation in MUTATIONS if all(word in mutation.name for word in filters)]
    with tempfile.TemporaryDirectory() as folder:
        copy_repository(Path(folder))
        undetected = [mutation.name for mutation in chosen if not is_detected(mutation, Path(folder))]
    print(
        f"{len(chosen) - len(undetected)} of {len(chosen)} mutations detected", *undetected, sep="\n  not: "
    )
    sys.exit(1 if undetected or not chosen else 0)


def copy_repository(folder: Path) -> None:
    """The tracked files, including uncommitted changes."""
    listing = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True)
    for name in filter(None, listing.stdout.splitlines()):
        if (ROOT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, folder / name)
    for name in SHARED:
        (folder / name).symlink_to(ROOT / name)


def is_detected(mutation: Mutation, folder: Path) -> bool:
    path = folder / mutation.path
    text = path.read_text()
    if mutation.before not in text:
        raise SystemExit(
            f"{mutation.name}: the text is no longer in {mutation.path}; update tests/terraform/mutations.py"
        )
    path.write_text(text.replace(mutation.before, mutation.after))
    started = time.monotonic()
    try:
        result = run_test(mutation.test, folder)
    finally:
        path.write_text(text)
    # A fixture that fails is an ERROR: the edit broke something else, which proves nothing.
    expected = mutation.reason or f"\nFAILED {mutation.test.partition('[')[0]}"
    # Terraform wraps its messages, pytest puts an E before each line.
    output = " ".join(result.stdout.replace("\nE ", " ").split()) if mutation.reason else result.stdout
    detected = result.returncode == TESTS_FAILED and expected in output
    seconds = time.monotonic() - started
    print(
        f"{'detected' if detected else 'MISSED  '} {seconds:4.0f} s  {mutation.name}: {mutation.test}",
        flush=True,
    )
    if not detected:
        print(result.stdout[-2000:], result.stderr[-1000:])
    return detected


def run_test(test: str, folder: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", test]
    environ = os.environ | {"PYTHONPATH": str(folder)}
    return subprocess.run(command, cwd=folder, env=environ, capture_output=True, text=True, check=False)


if __name__ == "__main__":
    main()
