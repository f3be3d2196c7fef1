"""python -m connector --endpoint sales; python -m connector replay --endpoint sales --file NAME"""

import argparse
import os
import signal
import sys
from types import FrameType

from connector import runs, sources, window
from connector.errors import ConnectorError, UsageError
from connector.lease import RENEW_SECONDS
from connector.report import Report
from connector.settings import Settings


def main() -> None:
    arguments = parser().parse_args()
    report = Report(sys.stderr, endpoint=arguments.endpoint)
    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, stop)
    try:
        run(arguments, report)
    except ConnectorError as error:
        report(str(error), "ERROR")
        sys.exit(error.exit_code)
    except Stopped as stopped:
        report(f"was told to stop ({stopped}); the next run goes on from here", "WARNING")
        os._exit(128 + stopped.number)  # without waiting for requests that are still in flight


def parser() -> argparse.ArgumentParser:
    top = argparse.ArgumentParser(
        prog="python -m connector", description="Copy an endpoint of a source into raw."
    )
    add = top.add_argument
    add("command", nargs="?", choices=["copy", "replay"], default="copy", help="replay: load failed/ again")
    add("--endpoint", required=True, help="as declared in connector/sources, such as sales")
    add("--source", default="retail", help="a file of connector/sources without its ending")
    add("--start_sales_id", metavar="ID|DATE", help="copy from here on, not from where the last run ended")
    add("--end_sales_id", metavar="ID", help="copy up to here, not up to the newest")
    add("--file", action="append", default=[], metavar="NAME", help="replay only this file; may be repeated")
    add(
        "--renew_seconds",
        type=float,
        default=RENEW_SECONDS,
        help="how often the lease is renewed; default %(default)s",
    )
    return top


def run(arguments: argparse.Namespace, report: Report) -> None:
    source = sources.read(arguments.source)
    endpoint = source.endpoint(arguments.endpoint)
    asked = window.asked(
        arguments.endpoint, endpoint.window, arguments.start_sales_id, arguments.end_sales_id
    )
    refuse_mixture(arguments)
    settings = Settings.read(os.environ, arguments.source, source)
    from connector.assembly import assemble  # says there why so late

    kit = assemble(arguments.endpoint, source, settings, report, arguments.renew_seconds)
    if arguments.command == "replay":
        runs.replay(kit, arguments.file)
    else:
        runs.copy(kit, asked)


def refuse_mixture(arguments: argparse.Namespace) -> None:
    if arguments.command == "copy" and arguments.file:
        raise UsageError("--file is for replay: python -m connector replay --endpoint sales --file NAME")
    if arguments.command == "replay" and (arguments.start_sales_id or arguments.end_sales_id):
        raise UsageError(
            "a replay loads files, not ids: leave out the start and the end, or name files with --file."
        )


class Stopped(BaseException):
    """Cloud Run's notice, ten seconds before it ends a task, or Ctrl-C. On the way out the lease is put
    down."""

    def __init__(self, number: int) -> None:
        super().__init__(signal.Signals(number).name)
        self.number = number


def stop(number: int, frame: FrameType | None) -> None:
    raise Stopped(number)


if __name__ == "__main__":
    main()
