import threading

from sheets_sync.progress import Progress


def test_a_long_sync_reports_its_step_and_a_short_one_nothing() -> None:
    seconds, messages, is_enough = [0.0], list[str](), threading.Event()

    def report(message: str) -> None:
        messages.append(message)
        seconds[0] += 5
        is_enough.set()

    progress = Progress(report, lambda: seconds[0], interval=0.01)
    progress.set_step("waiting for Sheets to write")
    with progress.track("daily_sales"):
        assert is_enough.wait(10)
    assert messages[0] == "daily_sales: waiting for Sheets to write, 0 s"
    short = list[str]()
    with Progress(short.append).track("daily_sales"):
        pass
    assert short == []
