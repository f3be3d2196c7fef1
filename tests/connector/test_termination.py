"""A terminated run does not wait for what is in flight: Cloud Run kills it after ten seconds."""

import threading
from types import SimpleNamespace
from typing import Any

import pytest

from connector.run.parts import read_parts
from connector.run.state import RunState
from connector.sources.planned import PartContent, ReadPlan
from runtime.errors import Terminated


def test_parts_in_flight_are_not_awaited_when_a_run_is_terminated():
    started, released, finished = threading.Event(), threading.Event(), threading.Event()

    def read_part(position, file_name):
        if position == "terminates":
            started.wait(60)
            raise Terminated(15)
        started.set()
        released.wait(60)
        finished.set()
        return PartContent(b"", 0)

    reader: Any = SimpleNamespace(connections=2, read_part=read_part)
    plan = ReadPlan(("terminates", "is in flight"))
    state = RunState(id="run", endpoint="sales", began=1_795_246_443_000, plan=plan)
    context: Any = SimpleNamespace(columns=[])
    try:
        with pytest.raises(Terminated):
            read_parts(context, reader, state, [1, 2], lambda: None)
        assert not finished.is_set()
    finally:
        released.set()
