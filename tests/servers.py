"""Throwaway database servers: one for a whole run of the tests, ended with it, and in it a database for each folder.

FRONTDESK_TEST_DATABASE chooses where records go: sqlite (the default), postgresql or mariadb. FRONTDESK_TEST_DRIVER
names another driver of the same database, for example asyncpg.
"""

import os
import pwd
import shutil
import socket
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterable
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, create_engine, event
from sqlalchemy.engine import URL, make_url

from crm_core.models import Base
from crm_core.storage.engines import WRITE_LOCK
from crm_core.storage.migrations import HEAD
from crm_core.storage.mysql import compare_text_by_bytes

CHOICE = os.environ.get("FRONTDESK_TEST_DATABASE", "sqlite")
_SERVER = "FRONTDESK_TEST_SERVER"  # the URL of the server, told by the process that started it to its workers
_PATIENCE = 60  # seconds until a server that does not answer is given up
_DRIVERS = {"postgresql": "psycopg", "mariadb": "aiomysql"}
_PACKAGES = {"postgresql": "postgresql", "mariadb": "mariadb-server"}
# The server ends with whoever started it, however that ends: then nobody holds the other end of this pipe.
_GUARD = 'signal=$1; folder=$2; shift 2; "$@" & cat >/dev/null; kill -$signal $!; wait $!; rm -rf "$folder"'


@dataclass(frozen=True, slots=True)
class Kind:
    """How a kind of server is found, prepared, started and ended."""

    programs: tuple[str, ...]  # the server, and what prepares its folder
    system_user: str
    admin: str
    socket: str  # below the folder
    prepare: Callable[[str, str], list[str]]
    run: Callable[[str, str], list[str]]
    end: str  # the quickest signal


# What the disk was told to keep need not get there: processes are killed here, and nobody pulls the plug.
_KINDS = {
    "postgresql": Kind(
        programs=("postgres", "initdb"),
        system_user="postgres",
        admin="postgres",
        socket=".s.PGSQL.5432",
        # The usual locale of a server: text is ordered as people do, not by bytes.
        prepare=lambda initdb, folder: [
            *(initdb, "-D", f"{folder}/data", "-U", "postgres", "--auth=trust", "--no-sync", "--encoding=UTF8"),
            *("--locale=C.UTF-8", "--locale-provider=icu", "--icu-locale=en-US"),
        ],
        run=lambda postgres, folder: [
            *(postgres, "-D", f"{folder}/data", "-k", folder, "-c", "listen_addresses=", "-c", "fsync=off"),
            *("-c", "max_connections=300", "-c", "shared_buffers=64MB", "-c", "autovacuum_naptime=10s"),
        ],
        end="QUIT",
    ),
    "mariadb": Kind(
        programs=("mariadbd", "mariadb-install-db"),
        system_user="mysql",
        admin="root",
        socket="socket",
        prepare=lambda install, folder: [
            *(install, "--no-defaults", f"--datadir={folder}/data", "--auth-root-authentication-method=normal"),
            *("--skip-test-db", "--skip-log-bin"),
        ],
        run=lambda mariadbd, folder: [
            *(mariadbd, "--no-defaults", f"--datadir={folder}/data", f"--socket={folder}/socket", "--skip-networking"),
            *(f"--pid-file={folder}/pid", "--innodb-flush-log-at-trx-commit=0", "--skip-log-bin"),
            *("--max-connections=300", "--innodb-buffer-pool-size=64M", "--performance-schema=OFF"),
        ],
        end="KILL",
    ),
}


class Missing(Exception):
    """The server is not installed; the message says how to get it."""


@dataclass(slots=True)
class Server:
    """A running server."""

    url: URL
    _guard: "subprocess.Popen[bytes]"

    def end(self) -> None:
        """Let it go; its folder goes with it."""
        assert self._guard.stdin is not None
        self._guard.stdin.close()
        self._guard.wait()


def start(name: str) -> Server:
    """Bring up a server in a folder of its own, reached by a socket there; raises Missing where it is not installed."""
    kind = _KINDS[name]
    server, prepares = (_program(program, name) for program in kind.programs)
    folder = tempfile.mkdtemp(prefix=f"frontdesk-{name}-")
    user = kind.system_user if os.getuid() == 0 else None  # they refuse to run as root
    if user is not None:
        shutil.chown(folder, user)
    runs: dict[str, Any] = {"user": user, "group": user and pwd.getpwnam(user).pw_gid, "extra_groups": user and []}
    done = subprocess.run(kind.prepare(prepares, folder), capture_output=True, check=False, cwd=folder, **runs)
    assert done.returncode == 0, done.stderr.decode(errors="replace")[-2000:]
    guard = subprocess.Popen(
        ["/bin/sh", "-c", _GUARD, "sh", kind.end, folder, *kind.run(server, folder)],
        stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd="/", start_new_session=True,
        **runs,
    )  # fmt: skip
    found = Server(_url(name, folder), guard)
    _wait_for(found.url, f"{folder}/{kind.socket}")
    return found


def _program(program: str, name: str) -> str:
    beside = sorted(str(path) for path in Path("/usr/lib/postgresql").glob(f"*/bin/{program}"))
    found = shutil.which(program) or shutil.which(program, path="/usr/sbin:/usr/local/sbin") or (beside and beside[-1])
    if not found:
        raise Missing(f"{program} is not here (on Debian: apt install {_PACKAGES[name]})")
    return found


def _url(name: str, folder: str) -> URL:
    driver = os.environ.get("FRONTDESK_TEST_DRIVER", _DRIVERS[name])
    kind = _KINDS[name]
    place = {"host": folder} if name == "postgresql" else {"unix_socket": f"{folder}/{kind.socket}"}
    return URL.create(f"{name}+{driver}", username=kind.admin, database=_admin_database(name), query=place)


def _admin_database(name: str) -> str:
    return "postgres" if name == "postgresql" else "mysql"


def _wait_for(url: URL, path: str) -> None:
    """Until it answers: first on its socket at all, since drivers leave a socket behind when nobody is there."""
    over = time.monotonic() + _PATIENCE
    while True:
        try:
            with socket.socket(socket.AF_UNIX) as door:
                door.connect(path)
            ask(url, "SELECT 1")
            return
        except Exception:
            if time.monotonic() > over:
                raise
            threading.Event().wait(0.05)


def ask(url: URL | str, *statements: str) -> list[tuple[Any, ...]]:
    """Run statements beside Frontdesk, each by itself; the rows of the last one."""
    with closing(_connect(make_url(url))) as connection, closing(connection.cursor()) as cursor:
        rows: list[tuple[Any, ...]] = []
        for statement in statements:
            rows = _rows(cursor, statement)
        return rows


def ask_if_there(url: URL | str, statement: str) -> list[tuple[Any, ...]]:
    """As `ask`; no rows where the table, or the file, is not there yet."""
    url = make_url(url)
    try:
        return ask(url, statement)
    except sqlite3.OperationalError:
        return []
    except Exception as error:
        if type(error).__name__ not in ("UndefinedTable", "ProgrammingError"):  # the drivers may not be installed here
            raise
        return []


def is_free(url: URL | str) -> bool:
    """Whether nobody is writing just now."""
    url = make_url(url)
    if url.get_backend_name() == "postgresql":
        return bool(ask(url, f"SELECT pg_try_advisory_lock({WRITE_LOCK})")[0][0])
    try:
        if url.get_backend_name() == "sqlite":
            ask(url, "PRAGMA busy_timeout=0", "BEGIN IMMEDIATE", "ROLLBACK")
        else:
            ask(url, "SELECT version_num FROM alembic_version FOR UPDATE NOWAIT")
    except Exception as error:
        if "lock" not in str(error).lower():
            raise
        return False
    return True


def _rows(cursor: Any, statement: str) -> list[tuple[Any, ...]]:
    cursor.execute(statement)
    return [tuple(row) for row in cursor.fetchall()] if cursor.description else []


def _connect(url: URL) -> Any:
    if url.get_backend_name() == "sqlite":
        return sqlite3.connect(f"file:{url.database}?mode=rw", uri=True, isolation_level=None)
    if url.get_backend_name() == "postgresql":
        import psycopg

        return psycopg.connect(
            host=str(url.query["host"]), user=url.username, dbname=url.database, autocommit=True, connect_timeout=5
        )
    import pymysql
    from pymysql.constants import CLIENT

    return pymysql.connect(
        unix_socket=str(url.query["unix_socket"]), user=url.username or "", database=url.database, charset="utf8mb4",
        autocommit=True, client_flag=CLIENT.MULTI_STATEMENTS,
    )  # fmt: skip


@dataclass(slots=True)
class Databases:
    """The databases of one test process: each folder has its own, emptied and given on when its test is over."""

    _of: dict[Path, str] = field(default_factory=dict)
    _free: list[str] = field(default_factory=list)
    _made: int = 0

    def url_for(self, folder: Path, *, bare: bool = False) -> str:
        """The URL of a folder's database, which has no rows when it is first asked for; a `bare` one has no tables."""
        server = _server()
        if bare and folder in self._of:
            self._free.append(self._of.pop(folder))  # nobody has written into it yet
        name = self._of.get(folder) or (self._free.pop() if self._free and not bare else self.make(server))
        self._of[folder] = name
        return server.set(database=name).render_as_string(hide_password=False)

    def make(self, server: URL) -> str:
        """A new database without tables."""
        self._made += 1
        name = f"shop_{os.getpid()}_{self._made}"
        ask(server, f"CREATE DATABASE {name}")
        return name

    @property
    def held(self) -> set[Path]:
        """The folders that have a database just now."""
        return set(self._of)

    def give_back(self, folders: Iterable[Path]) -> None:
        """Empty the databases of these folders, or drop those whose tables are not as usual."""
        for folder in folders:
            name = self._of.pop(folder)
            url = _server().set(database=name)
            with closing(_connect(url)) as connection, closing(connection.cursor()) as cursor:
                emptied = _emptied(cursor, url)
            if emptied:
                self._free.append(name)
            else:
                ask(_server(), f"DROP DATABASE {name}")


def end_sessions(url: URL) -> None:
    """Throw out everybody who has the database open."""
    with closing(_connect(url)) as connection, closing(connection.cursor()) as cursor:
        _end_sessions(cursor, url)


def _end_sessions(cursor: Any, url: URL) -> None:
    if url.get_backend_name() == "postgresql":
        others = "FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
        _rows(cursor, f"SELECT pg_terminate_backend(pid, 5000) {others}")
        return
    sessions = f"FROM information_schema.processlist WHERE db = '{url.database}' AND id <> CONNECTION_ID()"
    for (session,) in _rows(cursor, f"SELECT id {sessions}"):
        _rows(cursor, f"KILL {session}")


_WITH_TRIGGERS = "SELECT event_object_table FROM information_schema.triggers WHERE event_object_schema = DATABASE()"
_USUAL = {*Base.metadata.tables, "alembic_version"}
databases = Databases()


def begin() -> Server | None:
    """Start what FRONTDESK_TEST_DATABASE chooses, for this process and its workers; raises Missing."""
    if CHOICE == "sqlite" or _SERVER in os.environ:
        return None
    server = start(CHOICE)
    os.environ[_SERVER] = server.url.render_as_string(hide_password=False)
    return server


def environ(folder: Path) -> dict[str, str]:
    """The variable that lets a shop in this folder keep its records where they were chosen to be; none for a file."""
    return {} if CHOICE == "sqlite" else {"FRONTDESK_DATABASE__URL": databases.url_for(folder)}


def url_in(folder: Path, *, bare: bool = False) -> str:
    """Where records are kept in a folder without a shop: in a file, or on the chosen server; `bare` has no tables."""
    if bare and CHOICE != "sqlite":
        return databases.url_for(folder, bare=True)
    return environ(folder).get("FRONTDESK_DATABASE__URL", f"sqlite+aiosqlite:///{folder / 'a.db'}")


def _server() -> URL:
    if _SERVER not in os.environ:
        pytest.skip(f"no {CHOICE} server is here (on Debian: apt install {_PACKAGES[CHOICE]})")
    return make_url(os.environ[_SERVER])


def _emptied(cursor: Any, url: URL) -> bool:
    """End what killed processes left open and delete every row; False when the tables are not as usual."""
    postgresql = url.get_backend_name() == "postgresql"
    _end_sessions(cursor, url)
    schema = "public" if postgresql else url.database
    tables = _rows(cursor, f"SELECT table_name FROM information_schema.tables WHERE table_schema = '{schema}'")
    if {row[0] for row in tables} != _USUAL or _rows(cursor, "SELECT version_num FROM alembic_version") != [(HEAD,)]:
        return False
    _rows(cursor, "SET session_replication_role = replica" if postgresql else "SET foreign_key_checks = 0")
    quote = '"' if postgresql else "`"
    guarded = {row[0] for row in _rows(cursor, _WITH_TRIGGERS)} if not postgresql else set()
    ways = {name: "TRUNCATE" if name in guarded else "DELETE FROM" for name in Base.metadata.tables}
    _rows(cursor, ";".join(f"{way} {quote}{name}{quote}" for name, way in ways.items()))
    return True


def tables_only() -> Engine:
    """A plain engine on a new database with every table, where a row may point at nobody; in memory by default."""
    if CHOICE == "sqlite":
        made = create_engine("sqlite://")
    else:
        url = _server().set(database=databases.make(_server()))
        plain = {"postgresql": "postgresql+psycopg", "mariadb": "mariadb+pymysql"}
        made = create_engine(url.set(drivername=plain[CHOICE]))
    with made.begin() as connection:
        if CHOICE == "mariadb":
            compare_text_by_bytes(connection)
        Base.metadata.create_all(connection)
    if CHOICE == "mariadb":
        event.listen(made, "begin", lambda connection: connection.exec_driver_sql("SET foreign_key_checks=0"))
    return made


def main() -> int:
    """Print which servers are here, for `make check`; 1 when one is missing that FRONTDESK_TEST_REQUIRE names."""
    required = os.environ.get("FRONTDESK_TEST_REQUIRE", "").replace(",", " ").split()
    code = 0
    for name, kind in _KINDS.items():
        try:
            for program in kind.programs:
                _program(program, name)
            print(name)  # noqa: T201
        except Missing as missing:
            print(f"No test runs on {name}: {missing}.", file=sys.stderr)  # noqa: T201
            code |= name in required
    return int(code)


if __name__ == "__main__":
    sys.exit(main())
