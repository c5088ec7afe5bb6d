"""A PostgreSQL server of the test run's own: own folder, own socket, own loopback port, fsync on.

`initdb` and `postgres` refuse to run as root, so that as root they run as the user `postgres`. Exported
as a pytest plugin: the session fixture `postgres_server`, and `fresh_postgres` with an empty database.
"""

import ctypes
import os
import pwd
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg
import pytest

START_S = 30.0


def programs() -> Path | None:
    """Find the newest folder that holds the server programs."""
    folders = Path("/usr/lib/postgresql").glob("*/bin")
    versions = sorted(folders, key=lambda folder: _number(folder.parent.name), reverse=True)
    on_path = shutil.which("initdb")
    found = [*versions, *([Path(on_path).resolve().parent] if on_path else [])]
    return next((folder for folder in found if (folder / "initdb").exists()), None)


def missing() -> str:
    """Say what this machine lacks; empty when a server can be started."""
    if programs() is None:
        return "PostgreSQL's server programs are not installed (Debian: apt-get install postgresql)"
    if os.geteuid() == 0 and _runner() is None:
        return "running as root, and there is no user `postgres` to run the server as"
    return ""


@dataclass
class Server:
    """One running server. Its role `oakum` owns everything and needs `password` over TCP."""

    folder: Path
    port: int
    password: str
    process: subprocess.Popen[bytes] | None = field(default=None)

    def url(self, database: str, password: str = "") -> str:
        """Give the address of a database over the loopback port."""
        return f"postgresql://oakum:{password or self.password}@127.0.0.1:{self.port}/{database}"

    def socket_url(self, database: str) -> str:
        """Give the address of a database over the unix socket."""
        return f"postgresql://oakum:{self.password}@/{database}?host={self.folder}&port={self.port}"

    def run(self, statement: str, database: str = "postgres") -> list[tuple[Any, ...]]:
        """Run one statement outside any transaction."""
        with psycopg.connect(self.url(database), autocommit=True) as connection:
            done = connection.execute(statement.encode())
            return done.fetchall() if done.description else []

    def create(self) -> str:
        """Make an empty database; returns its name."""
        name = f"oakum_{secrets.token_hex(6)}"
        self.run(f"CREATE DATABASE {name}")
        return name

    def drop(self, name: str) -> None:
        """Remove a database, whoever is still connected."""
        self.run(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")

    def start(self) -> None:
        """Start the server and wait until it answers."""
        log = (self.folder / "log").open("ab")
        with log:
            self.process = _spawn(
                "postgres",
                *("-D", str(self.folder / "data"), "-k", str(self.folder)),
                *("-h", "127.0.0.1", "-p", str(self.port)),
                output=log.fileno(),
            )
        until = time.monotonic() + START_S
        while True:
            try:
                self.run("SELECT 1")
                return
            except psycopg.OperationalError:
                if self.process.poll() is not None or time.monotonic() > until:
                    raise RuntimeError((self.folder / "log").read_text()[-2000:]) from None
                time.sleep(0.05)

    def stop(self) -> None:
        """Stop the server at once, cutting its connections."""
        if self.process is not None:
            self.process.send_signal(signal.SIGINT)
            self.process.wait(START_S)
            self.process = None


@contextmanager
def running() -> Iterator[Server]:
    """Run a new server; everything of it is gone afterwards."""
    folder = Path(tempfile.mkdtemp(prefix="oakum-postgres-"))
    server = Server(folder, _free_port(), secrets.token_hex(8))
    try:
        _own(folder)
        secret = folder / "password"
        secret.write_text(server.password)
        _own(secret)
        _initialise(folder)
        server.start()
        yield server
    finally:
        server.stop()
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[Server]:
    """Share one server over the test run; skips where it cannot be started."""
    if lacks := missing():
        pytest.skip(lacks)
    with running() as server:
        yield server


@pytest.fixture
def fresh_postgres(postgres_server: Server) -> Iterator[str]:
    """Give the address of an empty database, removed after the test."""
    name = postgres_server.create()
    yield postgres_server.url(name)
    postgres_server.drop(name)


def _initialise(folder: Path) -> None:
    made = _spawn(
        "initdb",
        *("-D", str(folder / "data"), "-U", "oakum", "--pwfile", str(folder / "password")),
        *("--auth=scram-sha-256", "--encoding=UTF8", "--no-locale", "--no-sync"),
        output=subprocess.PIPE,
    )
    said, _ = made.communicate(timeout=120)
    if made.returncode:
        raise RuntimeError(said.decode(errors="replace"))


def _spawn(program: str, *arguments: str, output: int) -> subprocess.Popen[bytes]:
    folder = programs()
    assert folder is not None, missing()
    runner = _runner() if os.geteuid() == 0 else None
    person: dict[str, Any] = {}
    if runner is not None:
        person = {"user": runner.pw_uid, "group": runner.pw_gid, "extra_groups": []}
    return subprocess.Popen(
        [str(folder / program), *arguments],
        cwd="/",
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=subprocess.STDOUT,
        preexec_fn=_ends_with_us(),
        **person,
    )


def _ends_with_us() -> Callable[[], object] | None:
    """Ask Linux to stop the server when the test run dies without doing so itself."""
    if sys.platform != "linux":
        return None
    set_parent_death_signal = 1
    prctl = ctypes.CDLL(None).prctl
    return lambda: prctl(set_parent_death_signal, signal.SIGINT)


def _runner() -> pwd.struct_passwd | None:
    try:
        return pwd.getpwnam("postgres")
    except KeyError:
        return None


def _own(path: Path) -> None:
    runner = _runner()
    if os.geteuid() == 0 and runner is not None:
        os.chown(path, runner.pw_uid, runner.pw_gid)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _number(version: str) -> int:
    return int(version) if version.isdigit() else 0
