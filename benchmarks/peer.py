"""The environments of the alternatives: created once, from pinned and hashed files, outside this project's."""

import hashlib
import subprocess
import sys
from pathlib import Path

from benchmarks.contenders import HERE, ROOT, installed

PEERS = ("airbyte", "dlt", "singer")
UV = Path(sys.executable).parent / "uv"


def install(peer: str) -> Path:
    """Its folder; made once from a file of pins. `jobs` is what our images hold."""
    pins = (ROOT if peer == "jobs" else HERE) / "requirements" / f"{peer}.txt"
    folder, mark = installed(peer).parent, installed(peer).parent / "installed"
    # The digest of the pins: a changed pin installs the environment again.
    digest = hashlib.sha256(pins.read_bytes()).hexdigest()
    if not mark.exists() or mark.read_text() != digest:
        print(f"installing {peer}", flush=True)
        uv("venv", "-q", "--clear", "--python", sys.executable, str(folder))
        options = ("--compile-bytecode", "--require-hashes", "-r", str(pins))
        uv("pip", "install", "-q", "--python", str(folder / "bin/python"), *options)
        # Written last: an interrupted installation is repeated.
        mark.write_text(digest)
    return folder


def megabytes(peer: str) -> int:
    """What its packages take, without their bytecode."""
    files = (path for path in install(peer).rglob("*") if path.is_file() and not path.is_symlink())
    return round(sum(path.stat().st_size for path in files if path.suffix != ".pyc") / 1e6)


def uv(*arguments: str) -> None:
    subprocess.run([UV, *arguments], check=True)


def version(peer: str) -> str:
    """As pinned: `dlt 1.31.0`."""
    return (HERE / "requirements" / f"{peer}.in").read_text().strip().replace("==", " ")
