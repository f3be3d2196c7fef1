"""Which steps run, in which order, and what a failure stops."""

import io

import pytest

from pipeline.errors import StepError, Unfinished, UsageError
from pipeline.plan import from_step
from pipeline.report import Report
from pipeline.run import Run


class Steps(dict):
    """Actions that note when they ran; those named in `broken` fail."""

    def __init__(self, *broken):
        self.ran = []
        super().__init__(
            {name: self.action(name, name in broken) for group in from_step("daily", None) for name in group}
        )

    def action(self, name, fails):
        def act():
            self.ran.append(name)
            if fails:
                raise StepError(f"{name} says why")

        return act


@pytest.fixture
def said():
    return io.StringIO()


def run(steps, said, schedule, start=None):
    Run(steps, Report(said), iter(range(100)).__next__)(schedule, start)


ALL = ["connector:customers", "connector:products", "connector:sales", "dataform", "sheets_sync"]


@pytest.mark.parametrize(
    ("schedule", "start", "ran"),
    [
        ("hourly", None, ALL[2:]),
        ("daily", None, ALL),
        ("daily", "connector:products", ALL[1:]),
        ("hourly", "dataform", ALL[3:]),
        ("daily", "sheets_sync", ALL[4:]),
    ],
)
def test_steps_run_in_order_from_the_one_that_is_named(said, schedule, start, ran):
    steps = Steps()
    run(steps, said, schedule, start)
    assert [*sorted(steps.ran[:2]), *steps.ran[2:]] == ran  # the first two may change places


def test_an_unknown_step_is_answered_with_those_there_are():
    with pytest.raises(UsageError, match="no step of hourly: connector:sales, dataform, sheets_sync"):
        from_step("hourly", "connector:products")


def test_a_connector_that_failed_stops_nothing(said):
    steps = Steps("connector:products")
    with pytest.raises(Unfinished) as raised:
        run(steps, said, "daily")
    assert steps.ran[-3:] == ["connector:sales", "dataform", "sheets_sync"]
    assert str(raised.value) == (
        "daily failed in connector:products.\n"
        "connector:products: connector:products says why\n"
        "When that is mended: python -m pipeline daily --from connector:products"
    )


def test_nothing_is_published_after_dataform_has_failed(said):
    steps = Steps("connector:sales", "dataform")
    with pytest.raises(Unfinished, match="hourly failed in connector:sales, dataform") as raised:
        run(steps, said, "hourly")
    assert "sheets_sync" not in steps.ran
    assert str(raised.value).endswith("python -m pipeline hourly --from connector:sales")


def test_the_log_ends_with_a_table(said):
    with pytest.raises(Unfinished):
        run(Steps("dataform"), said, "hourly")
    *_, table = said.getvalue().splitlines()
    for line in (
        r"connector:sales  succeeded      1.0",
        r"dataform         failed         1.0",
        r"sheets_sync      not run        0.0",
    ):
        assert line in table


def test_what_is_no_failure_of_a_step_ends_the_run_at_once(said):
    steps = Steps()

    def lost():
        raise RuntimeError("the lease is gone")

    steps["connector:sales"] = lost
    with pytest.raises(RuntimeError):
        run(steps, said, "hourly")
    assert steps.ran == []
