"""The order of the steps, and which failure blocks which step."""

import io
import signal
from datetime import UTC, datetime
from typing import Any

import pytest

from pipeline.errors import RunFailed, StepError
from pipeline.plan import build_plans, copy_arguments, plan_from_step
from pipeline.run import Run
from pipeline.run_record import RunRow
from runtime.errors import Terminated, UsageError
from runtime.structured_log import StructuredLog

NOW = datetime(2026, 11, 28, 7, tzinfo=UTC)
PLANS = build_plans({"retail/sales": "hourly", "retail/products": "daily", "retail/customers": "daily"})


class FakeActions(dict[str, Any]):
    """Actions that record their runs; those named in `broken` fail."""

    def __init__(self, *broken):
        self.ran = []
        self.recorded = list[RunRow]()
        super().__init__(
            {
                name: self.action(name, name in broken)
                for group in plan_from_step(PLANS, "daily", None)
                for name in group
            }
            | {name: self.action(name, name in broken) for name in ("verdict", "report")}
        )

    def action(self, name, fails):
        def act():
            self.ran.append(name)
            if fails:
                raise StepError(f"the reason of {name}")

        return act


@pytest.fixture
def stream():
    return io.StringIO()


def run(steps, stream, schedule, first_step=None):
    """The rows of the run that were recorded."""
    recorded = list[RunRow]()
    log, clock = StructuredLog(stream), iter(range(100)).__next__
    try:
        Run("run-1", PLANS, steps, log, clock, lambda: NOW, recorded.append).execute(schedule, first_step)
    finally:
        steps.recorded = recorded


ALL = [
    "connector:retail/customers",
    "connector:retail/products",
    "connector:retail/sales",
    "dataform",
    "sheets_sync",
]


@pytest.mark.parametrize(
    ("schedule", "first_step", "ran"),
    [
        ("hourly", None, ALL[2:]),
        ("daily", None, ALL),
        ("daily", "connector:retail/products", ALL[1:]),
        ("hourly", "dataform", ALL[3:]),
        ("daily", "sheets_sync", ALL[4:]),
    ],
)
def test_steps_run_in_order_from_the_named_step(stream, schedule, first_step, ran):
    steps = FakeActions()
    run(steps, stream, schedule, first_step)
    if schedule == "daily":
        assert steps.ran.pop() == "report"
    assert steps.ran.pop() == "verdict"
    # The copies run at the same time.
    copies = [step for step in steps.ran if step.startswith("connector:")]
    assert [*sorted(copies), *steps.ran[len(copies) :]] == ran


def test_a_daily_run_copies_all_endpoints_at_once():
    assert PLANS["daily"] == (tuple(ALL[:3]), ("dataform",), ("sheets_sync",))
    assert PLANS["hourly"] == (("connector:retail/sales",), ("dataform",), ("sheets_sync",))


def test_an_unknown_step_is_rejected_with_the_list_of_steps():
    with pytest.raises(UsageError, match="steps of hourly are connector:retail/sales, dataform, sheets_sync"):
        plan_from_step(PLANS, "hourly", "connector:retail/products")


def test_a_failed_connector_blocks_nothing(stream):
    steps = FakeActions("connector:retail/products")
    with pytest.raises(RunFailed) as raised:
        run(steps, stream, "daily")
    assert sorted(steps.ran[:3]) == ALL[:3]
    assert steps.ran[3:] == ["dataform", "sheets_sync", "verdict", "report"]
    assert str(raised.value) == (
        "daily failed in connector:retail/products.\n"
        "connector:retail/products: the reason of connector:retail/products\n"
        "After fixing the cause, run: python -m pipeline daily --from connector:retail/products"
    )


def test_nothing_is_published_after_dataform_failed(stream):
    steps = FakeActions("connector:retail/sales", "dataform")
    with pytest.raises(RunFailed, match="hourly failed in connector:retail/sales, dataform") as raised:
        run(steps, stream, "hourly")
    assert "sheets_sync" not in steps.ran
    assert str(raised.value).endswith("python -m pipeline hourly --from connector:retail/sales")


def test_the_log_of_the_steps_ends_with_a_table(stream):
    steps = FakeActions("dataform")
    del steps["verdict"]
    with pytest.raises(RunFailed):
        run(steps, stream, "hourly")
    *_, table = stream.getvalue().splitlines()
    for line in (
        r"connector:retail/sales  succeeded      1.0",
        r"dataform                failed         1.0",
        r"sheets_sync             not run        0.0",
    ):
        assert line in table


def test_an_error_that_is_not_a_step_error_ends_the_run(stream):
    steps = FakeActions()

    def lost():
        raise RuntimeError("the lease was lost")

    steps["connector:retail/sales"] = lost
    with pytest.raises(RuntimeError):
        run(steps, stream, "hourly")
    assert steps.ran == []


def test_a_second_source_needs_no_code():
    plans = build_plans({"retail/sales": "hourly", "erp/invoices": "hourly", "erp/countries": "daily"})
    assert plans["hourly"][0] == ("connector:erp/invoices", "connector:retail/sales")
    assert plans["daily"][0] == (
        "connector:erp/countries",
        "connector:erp/invoices",
        "connector:retail/sales",
    )
    assert copy_arguments("connector:erp/invoices") == ["--source", "erp", "--endpoint", "invoices"]


def test_without_endpoints_only_the_warehouse_and_the_sheets_run():
    assert build_plans({})["hourly"] == (("dataform",), ("sheets_sync",))


def test_a_run_is_recorded_before_sheet_and_page_show_it(stream):
    steps = FakeActions("dataform")
    order = list[Any]()
    steps |= {"verdict": lambda: order.append("sheet"), "report": lambda: order.append("page")}
    log, clock = StructuredLog(stream), iter(range(100)).__next__
    run = Run("run-1", PLANS, steps, log, clock, lambda: NOW, lambda row: order.append(row))
    with pytest.raises(RunFailed):
        run.execute("daily", None)
    row, *closing = order
    assert (closing, row.run_id, row.schedule, row.state) == (["sheet", "page"], "run-1", "daily", "failed")
    assert {step.step: (step.state, step.reason) for step in row.steps} == {
        **dict.fromkeys(ALL[:3], ("succeeded", None)),
        "dataform": ("failed", "the reason of dataform"),
        "sheets_sync": ("not run", "dataform failed"),
    }
    assert row.error.startswith("daily failed in dataform.")


def test_a_page_that_cannot_be_written_fails_a_run_of_good_steps(stream):
    steps = FakeActions("report")
    with pytest.raises(RunFailed, match="daily wrote no page: the reason of report"):
        run(steps, stream, "daily")
    assert steps.recorded[0].state == "succeeded"


def test_a_verdict_that_cannot_be_published_fails_no_run(stream):
    """Without ops there is no verdict, and the data are as they should be. Its sync is recorded by itself."""
    steps = FakeActions("verdict")
    run(steps, stream, "hourly")
    assert (steps.ran[-1], steps.recorded[0].state) == ("verdict", "succeeded")
    assert "verdict failed after 1.0 s: the reason of verdict" in stream.getvalue()


def test_without_an_export_of_the_verdict_nothing_closes_an_hourly_run(stream):
    steps = FakeActions()
    del steps["verdict"]
    run(steps, stream, "hourly")
    assert steps.ran == ALL[2:]


@pytest.mark.parametrize(
    ("reason", "text"),
    [
        (RuntimeError("the lease was lost"), "the lease was lost"),
        (TimeoutError(), "TimeoutError"),
        (Terminated(signal.SIGTERM), "SIGTERM"),
    ],
)
def test_a_run_that_ends_early_is_recorded_too(stream, reason, text):
    steps = FakeActions()

    def end():
        raise reason

    steps["dataform"] = end
    with pytest.raises(type(reason)):
        run(steps, stream, "hourly")
    [row] = steps.recorded
    names = [step.step for step in row.steps]
    assert (row.state, row.error, names) == ("failed", text, ["connector:retail/sales"])
