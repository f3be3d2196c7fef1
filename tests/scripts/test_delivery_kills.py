"""A sample of make campaign-delivery: kill -9 of rollout, rollback and the job's undo, at some of their requests."""

import pytest

from sandbox.process import running
from tests.crash_campaign.delivery import Delivery
from tests.crash_campaign.proxy import Proxy
from tests.scripts.delivery_project import set_up

pytestmark = pytest.mark.timeout(900)


@pytest.fixture(scope="module")
def delivery(tmp_path_factory):
    root = tmp_path_factory.mktemp("kills")
    with running(root / "sandbox") as state:
        delivery = Delivery(set_up(state), root)
        delivery.prepare()
        yield delivery


@pytest.mark.parametrize(
    ("name", "number", "moment"),
    [
        ("rollout", 120, "after"),
        ("rollback", 95, "before"),
        ("undo", 14, "after"),
    ],
)
def test_a_killed_command_converges_when_it_runs_again(delivery, name, number, moment):
    with Proxy(delivery.project.state.address) as proxy:
        was_killed, differences = delivery.kill(name, proxy, number, moment)
    assert was_killed and differences == []


def test_the_schedules_were_paused_meanwhile(delivery):
    """Some of the kills above were between the first and the last step; afterwards each schedule was started again."""
    assert "PAUSED" in delivery.schedules and delivery.project.schedule() == "ENABLED"
