"""SIGTERM and Ctrl-C end a run at the next poll, in whatever thread its steps wait."""

import signal

import pytest

from pipeline.termination import Termination
from runtime.errors import Terminated


@pytest.fixture
def termination():
    previous = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
    termination = Termination()
    termination.listen()
    yield termination
    for number, handler in previous.items():
        signal.signal(number, handler)


def test_without_a_signal_a_run_continues(termination):
    termination.check()
    assert not termination.wait(0)


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 143), (signal.SIGINT, 130)])
def test_a_signal_ends_the_wait_and_is_the_exit_code(termination, number, code):
    signal.raise_signal(number)  # no KeyboardInterrupt: the main thread would then wait for all steps
    assert termination.wait(0)
    with pytest.raises(Terminated) as raised:
        termination.check()
    assert raised.value.exit_code == code
