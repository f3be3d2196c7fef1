"""The demo project on this machine: `python -m demo [run|serve|report|sql QUERY] [--source COMPANY]`.

run    empties the folder and runs the whole flow once; exit code 0 only if every number is as expected
serve  keeps the project running until Ctrl-C; an empty folder is filled by `run` first
report writes the page about last night
sql    prints the result of a query on the project's BigQuery

A company other than retail has declarations and models of its own, so it runs in a copy of this repository with
these: .companies/<name>.
"""

import argparse
import signal
import sys
from pathlib import Path

from demo.companies import company_names, current_name
from demo.companies.copied_repository import copy_repository, run_in_copy
from demo.project import serve_project
from demo.report import print_report
from demo.screen import Screen
from demo.sql import print_query
from demo.story import run_story
from sandbox.errors import SandboxError
from sandbox.serving import claimed

COMPANIES = Path(".companies")


def main() -> None:
    # Intermixed: the query may follow the options.
    arguments = create_parser().parse_intermixed_args()
    if arguments.command == "sql" and not arguments.query:
        sys.exit('demo: sql needs a query, for example: make sql Q="select * from ops.run_log"')
    # A SIGTERM stops the processes that the demo started, as Ctrl-C does.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    root, screen = arguments.root.resolve(), Screen()
    try:
        # In a company's copy current_name() is the company, so the process in the copy runs the command itself.
        if arguments.source != current_name():
            sys.exit(run_company(arguments))
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


def run_company(arguments: argparse.Namespace) -> int:
    """The same command in the company's copy of the repository, which `run` makes anew.

    CannotStart, and nothing is replaced, while a sandbox runs in the company's project: its jobs run in the copy.
    """
    folder = (COMPANIES / arguments.source).resolve()
    # Only `run` begins with an empty project; serve, sql and report need the copy that created the project's data.
    if arguments.command == "run" or not (folder / "repository").exists():
        with claimed(folder / "project"):
            copy_repository(arguments.source, folder / "repository")
    query = [arguments.query] if arguments.query else []
    command = [arguments.command, *query, "--source", arguments.source, "--root", str(folder / "project")]
    return run_in_copy(folder / "repository", "demo", command)


def create_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m demo", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("command", nargs="?", choices=["run", "serve", "report", "sql"], default="run")
    parser.add_argument("query", nargs="?", help="for sql")
    parser.add_argument(
        "--root", type=Path, default=Path(".sandbox"), help="folder of the project; default: %(default)s"
    )
    parser.add_argument(
        "--source",
        choices=company_names(),
        default=current_name(),
        metavar="COMPANY",
        help="one of %(choices)s; default: %(default)s",
    )
    return parser


if __name__ == "__main__":
    main()
