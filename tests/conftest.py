"""What holds for every test: no network but this machine, and no silent skip where a test is required."""

import os
import sys
from collections.abc import Generator, Iterator

import pytest
from hypothesis import Phase, settings

from tests import servers

_LOOPBACK = {"127.0.0.1", "::1", "localhost", "", None}
_REQUIRED = {word.strip() for word in os.environ.get("FRONTDESK_TEST_REQUIRE", "").split(",")}


def _keep_the_network_closed(event: str, args: tuple[object, ...]) -> None:
    """Refuse every way out of this machine; an audit hook sees it whichever library tries."""
    if event == "socket.connect" and isinstance(args[1], tuple):
        host = args[1][0]
    elif event == "socket.getaddrinfo":
        host = args[0].decode() if isinstance(args[0], bytes) else args[0]
    else:
        return
    if host not in _LOOPBACK:
        raise AssertionError(f"A test tried to reach {host}; the network is closed but for this machine.")


sys.addaudithook(_keep_the_network_closed)

# No deadline, for no test is timed. CI draws the same examples every time, so that a change is judged by itself;
# elsewhere they are new each time, and the printed blob lets a failure be repeated.
settings.register_profile("frontdesk", deadline=None, print_blob=True, derandomize=bool(os.environ.get("CI")))
settings.load_profile("frontdesk")
# For the saboteurs: that a test turns red is enough, the smallest example is of no use there.
settings.register_profile("hasty", settings.get_profile("frontdesk"), phases=(Phase.explicit, Phase.generate))

# Who is given one of these fixtures, or has one of these names at hand, opens a database.
_GIVEN = {"house", "shop", "make_desk"}
_OPENERS = {"open_house", "open_app", "open_records", "over_records", "Database"}
_marked = True  # whether the test that runs may open a database; so may whoever runs no test


def _watch_databases(event: str, args: tuple[object, ...]) -> None:
    """Refuse a database to tests that are not known to need one, so that every database's run has all that do."""
    if event == "sqlite3.connect" and not _marked and args[0] not in {":memory:", ""}:  # "" is scratch paper
        raise AssertionError("This test opens a database unmarked; mark it, or see _OPENERS in tests/conftest.py.")


sys.addaudithook(_watch_databases)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark the tests that open a database."""
    for item in items:
        if isinstance(item, pytest.Function) and (_GIVEN & {*item.fixturenames} or _OPENERS & vars(item.module).keys()):
            item.add_marker("database")


_server = pytest.StashKey[servers.Server | None]()


def pytest_configure(config: pytest.Config) -> None:
    """Start the database server that FRONTDESK_TEST_DATABASE chooses, once for all workers."""
    try:
        config.stash[_server] = servers.begin()
    except servers.Missing as missing:
        if servers.CHOICE in _REQUIRED:
            raise pytest.UsageError(f"Required by FRONTDESK_TEST_REQUIRE={servers.CHOICE}, but {missing}.") from missing


def pytest_unconfigure(config: pytest.Config) -> None:
    """Let the server go, with all that was in it."""
    if server := config.stash.get(_server, None):
        server.end()


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Leave out, elsewhere, what is about SQLite's own ways; know whether a database may be opened."""
    global _marked  # noqa: PLW0603 - an audit hook cannot be given anything
    _marked = item.get_closest_marker("database") is not None
    mark = item.get_closest_marker("sqlite_only")
    if mark is not None and servers.CHOICE != "sqlite":
        pytest.skip(f"SQLite only: {mark.args[0]}")


@pytest.fixture(autouse=True)
def _databases_are_given_back() -> Iterator[None]:
    """What fixtures of a wider scope opened before stays theirs."""
    before = servers.databases.held
    yield
    servers.databases.give_back(servers.databases.held - before)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Turn a skip into a failure where FRONTDESK_TEST_REQUIRE names one of the test's markers."""
    report = yield
    missing = {mark.name for mark in item.iter_markers()} & _REQUIRED
    if report.skipped and missing and not hasattr(report, "wasxfail"):
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else report.longrepr
        report.outcome = "failed"
        report.longrepr = f"Required by FRONTDESK_TEST_REQUIRE={','.join(sorted(missing))}, but: {reason}"
    return report
