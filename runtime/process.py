"""Run the main function of a job: arguments, signals, exit codes and the last log line."""

import argparse
import signal
import traceback
from collections.abc import Callable
from types import FrameType
from typing import NoReturn

from runtime.errors import EXIT_FAILED, EXIT_TRY_LATER, JobError, Terminated, UsageError
from runtime.structured_log import StructuredLog


class ArgumentParser(argparse.ArgumentParser):
    """Raises UsageError where argparse would print to stderr and exit: errors of a job are log lines."""

    def error(self, message: str) -> NoReturn:
        raise UsageError(f"{message}. {self.format_usage().strip()}")


def run_job(job: Callable[[], None], log: StructuredLog) -> int:
    """Run `job` and return its exit code: 0, 1 failed, 2 usage or settings, 75 try later, 143 terminated.

    Every error, an unexpected one too, is exactly one line of the log.
    """
    try:
        job()
    except JobError as error:
        # Another run is active: expected, and no reason for an alert.
        severity = "WARNING" if error.exit_code == EXIT_TRY_LATER else "ERROR"
        log(str(error), severity, error=type(error).__name__, exit_code=error.exit_code)
        return error.exit_code
    except Terminated as terminated:
        log(f"terminated by {terminated}; the next run resumes", "WARNING", exit_code=terminated.exit_code)
        return terminated.exit_code
    except Exception as error:
        # `stack_trace` is what Cloud Error Reporting groups by:
        # https://cloud.google.com/error-reporting/docs/formatting-error-messages
        message = f"unexpected {type(error).__name__}: {error}. This is a defect of the job; report it."
        log(message, "ERROR", error=type(error).__name__, stack_trace=traceback.format_exc())
        return EXIT_FAILED
    return 0


def raise_on_termination() -> None:
    """From now on SIGTERM and SIGINT raise Terminated in the main thread, so that `finally` blocks run."""
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, _raise_terminated)


def _raise_terminated(number: int, frame: FrameType | None) -> None:
    raise Terminated(number)
