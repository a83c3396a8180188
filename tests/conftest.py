"""What holds for every test: no network but this machine, and no silent skip where a test is required."""

import os
import sys
from collections.abc import Generator

import pytest
from hypothesis import Phase, settings

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
