"""Fixtures for all tests, and the reasons of skipped tests at the end of the output."""

import gc
from collections import Counter

import pytest
from hypothesis import HealthCheck, settings

from demo.recorded_apply.replay import replay
from demo.server import running as running_demo
from sandbox.process import running
from tests.terraform.tree import why_no_provider

# A slow machine must not fail a property.
settings.register_profile("any machine", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("any machine")


@pytest.fixture(scope="module", autouse=True)
def collected():
    """A connection that a module left open fails this module, not a later one that collects memory."""
    yield
    gc.collect()


@pytest.fixture(scope="session")
def sandbox(tmp_path_factory):
    """A running sandbox with nothing provisioned in it; one per session, or per worker."""
    with running(tmp_path_factory.mktemp("sandbox")) as state:
        yield state


@pytest.fixture(scope="session")
def demo_server(tmp_path_factory):
    """A running sandbox with the shop's retail API; nothing is provisioned in it."""
    with running_demo(tmp_path_factory.mktemp("demo_server")) as state:
        yield state


@pytest.fixture(scope="session")
def provisioned(tmp_path_factory):
    """A running sandbox with the shop's retail API and the resources of workspace `local`."""
    with running_demo(tmp_path_factory.mktemp("provisioned")) as state:
        replay(state)
        yield state


@pytest.fixture(scope="session")
def provider(tmp_path_factory):
    """Skips tests that require the google provider where it cannot be installed; no other test is skipped."""
    if missing := why_no_provider(tmp_path_factory.mktemp("provider")):
        pytest.skip(f"the google provider cannot be installed: {missing}")


def pytest_terminal_summary(terminalreporter):
    """The number of skipped tests per reason, above pytest's last line."""
    skipped = terminalreporter.stats.get("skipped", [])
    reasons = Counter(report.longrepr[2].removeprefix("Skipped: ") for report in skipped)
    for reason, count in reasons.items():
        terminalreporter.write_line(f"{count} skipped: {reason}", yellow=True)
