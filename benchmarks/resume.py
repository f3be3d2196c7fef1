"""How many pages a killed process has to request again."""

import threading
import time
from dataclasses import replace

from benchmarks.contenders import Contender
from benchmarks.errors import BenchmarkError
from benchmarks.process import run, run_and_kill
from benchmarks.stage import Case, Stage

SECONDS = 120.0


def count_repeated_requests(stage: Stage, contender: Contender, case: Case) -> int:
    """Requests beyond one per page, when it is killed at half of them and started again with its files."""
    # Without faults: a page that the source refuses is requested again too, and would be counted.
    case = replace(case, faults=0)
    stage.begin(case)
    with stage.place(contender, case) as place:
        half = threading.Event()
        threading.Thread(target=watch, args=(stage, case.pages // 2, half), daemon=True).start()
        run_and_kill(contender.command(place), half)
        run(contender.command(place))
        return stage.count()["requests"] - case.pages


def watch(stage: Stage, requests: int, reached: threading.Event) -> None:
    end = time.monotonic() + SECONDS
    try:
        while stage.count()["requests"] < requests:
            if time.monotonic() > end:
                raise BenchmarkError(f"{requests} requests were not reached in {SECONDS:.0f} s")
            time.sleep(0.002)
    finally:
        # Also after an error, because run_and_kill waits for the event without a limit.
        reached.set()
