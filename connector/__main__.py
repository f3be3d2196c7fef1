"""python -m connector --endpoint sales                               what is new
python -m connector --endpoint sales --from 100 --until 200         a back-fill; days are welcome, too
python -m connector replay --endpoint sales [--day 20260131]        files again: all of failed/, or a day's"""

import argparse
import os
import signal
import sys
from types import FrameType

from connector import replaying, runs, sources, window
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
    add("command", nargs="?", choices=["copy", "replay"], default="copy", help="replay: load files again")
    add("--endpoint", required=True, help="as declared in connector/sources, such as sales")
    add("--source", default="retail", help="a file of connector/sources without its ending")
    add(
        "--from",
        "--start_sales_id",
        dest="start",
        metavar="ID|DATE",
        help="copy from here, not from where the last ended",
    )
    add("--until", "--end_sales_id", dest="end", metavar="ID|DATE", help="copy up to here, not to the newest")
    add("--file", action="append", default=[], metavar="NAME", help="replay this file; may be repeated")
    add("--day", metavar="YYYYMMDD", help="replay what runs of this day brought, archived or failed")
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
    asked = window.asked(arguments.endpoint, endpoint.window, arguments.start, arguments.end)
    refuse_mixture(arguments)
    wanted = replaying.wanted(arguments.file, arguments.day)
    settings = Settings.read(os.environ, arguments.source, source)
    from connector.assembly import assemble  # says there why so late

    kit = assemble(arguments.endpoint, source, settings, report, arguments.renew_seconds)
    if arguments.command == "replay":
        runs.replay(kit, wanted)
    else:
        runs.copy(kit, asked)


def refuse_mixture(arguments: argparse.Namespace) -> None:
    if arguments.command == "copy" and (arguments.file or arguments.day):
        raise UsageError("--file and --day are for replay: python -m connector replay --endpoint sales …")
    if arguments.command == "replay" and (arguments.start or arguments.end):
        raise UsageError(
            "a replay loads files, not ids: leave out --from and --until, or name files with --file or --day."
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
