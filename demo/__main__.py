"""The demo project on this machine: `python -m demo [run|serve|report|sql QUERY]`.

run    empties the folder and runs the whole flow once; exit code 0 only if every number is as expected
serve  keeps the project running until Ctrl-C; an empty folder is filled by `run` first
report writes the page about last night
sql    prints the result of a query on the project's BigQuery
"""

import argparse
import signal
import sys
from pathlib import Path

from demo.project import serve_project
from demo.report import print_report
from demo.screen import Screen
from demo.sql import print_query
from demo.story import run_story
from sandbox.errors import SandboxError


def main() -> None:
    arguments = create_parser().parse_args()
    if arguments.command == "sql" and not arguments.query:
        sys.exit('demo: sql needs a query, for example: make sql Q="select * from ops.run_log"')
    # A SIGTERM stops the processes that the demo started, as Ctrl-C does.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    root, screen = arguments.root.resolve(), Screen()
    try:
        if arguments.command == "sql":
            print_query(root, arguments.query, screen)
        else:
            {"run": run_story, "serve": serve_project, "report": print_report}[arguments.command](
                root, screen
            )
    except SandboxError as error:
        sys.exit(f"demo: {error}")
    except KeyboardInterrupt:
        sys.exit("demo: stopped; running jobs end within ten seconds")


def create_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m demo", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("command", nargs="?", choices=["run", "serve", "report", "sql"], default="run")
    parser.add_argument("query", nargs="?", help="for sql")
    parser.add_argument(
        "--root", type=Path, default=Path(".sandbox"), help="folder of the project; default: %(default)s"
    )
    return parser


if __name__ == "__main__":
    main()
